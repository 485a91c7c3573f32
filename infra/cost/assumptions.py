"""Every figure of the model that is neither a list price, nor counted in the demo run, nor declared in the template.

Times are of one full vCPU of Lambda (1,769 MB); a function with less memory has its share of it.
"""

from __future__ import annotations

# --- The campaign that is priced ---
MILLION = 1_000_000
BATCHES_OF_A_MILLION = 2_048  # the power of two nearest to 1,000,000 / 512; `ring.batches_for` says the same

# --- A processor: measured on the machine that built this, an EPYC core, then made slower for Lambda's Arm ---
ARM_SLOWER_BY = 1.5  # a vCPU of Graviton2 against that core; not measured
ROW_CPU_SECONDS = 0.000_002 * ARM_SLOWER_BY  # `aws/pages.py`: from an answer's JSON to a row
PUSH_CPU_SECONDS = 0.000_104 * ARM_SLOWER_BY + ROW_CPU_SECONDS  # bench/figures.json: both
REQUEST_CPU_SECONDS = 0.000_5 * ARM_SLOWER_BY  # botocore: build, sign, parse
START_CPU_SECONDS = 0.270 * ARM_SLOWER_BY  # `make bench B=cold`: everything up to the first lease
VCPU_MEGABYTES = 1_769  # AWS Lambda: «Configure Lambda function memory»

# --- Waiting, within the region ---
DYNAMODB_SECONDS = 0.005  # AWS promises single-digit milliseconds
PAGE_SECONDS = 0.025  # a query of half a thousand rows, about 300 kB
PAGE_ROWS = 100  # from here on a query is such a page
SQS_SECONDS = 0.010
OTHER_SECONDS = 0.010  # KMS, SSM

# --- Push services as seen from Lambda: no vendor publishes this ---
CONNECT_SECONDS = 0.080  # TCP, TLS and HTTP/2 settings, once an invocation: a frozen container's connections are dead
# (share of answers, seconds by which they are there)
PUSH_SECONDS = ((0.0, 0.015), (0.50, 0.045), (0.90, 0.120), (0.99, 0.450), (0.999, 1.0), (1.0, 3.0))
HANG_SHARE = 0.001  # of pushes: no answer at all, until the transport gives up
HANG_SECONDS = 10.0  # when it does
GONE_SHARE = 0.01  # of browsers at every campaign

# --- What leaves AWS ---
ENDPOINT_BYTES = 190  # FCM's: 36 and a token of 152; the stand-in's are shorter, on the wire and in the rows
GB = 1_000_000_000  # bytes; where AWS means 2^30 this is 7 % against us
PACKETS_A_PUSH = 2  # one of its own, one acknowledgement: loopback's are larger than the Internet's, so not counted
PACKET_HEADER_BYTES = 52  # IPv4 without options, TCP with timestamps

# --- Around the campaign ---
CONTAINERS = 600  # the bulk lane's maximum concurrency: as many cold starts a campaign, at most
LOOKS_OF_THE_SWEEPER = 3  # one a minute while the campaign runs
LOOKS_OF_THE_OWNER = 30  # at the campaign's figures while it runs
PLATFORM_LOG_BYTES = 420  # INIT_START, START, END and REPORT of one invocation, with CloudWatch's 26 bytes a line
ACCESS_LOG_BYTES = 400  # one line of API Gateway's
HOURS_OF_A_CAMPAIGN = 2  # in which its lane says anything: minutes of pushing, but retries may come in the next hour

# --- What browsers tell ---
CLICKED_SHARE = 0.05  # of events that are told: one click for nineteen that were only shown
REPORTS_AT_ONCE = 50  # of the 100 that `count_events` is handed at most: AWS adds pollers as a queue fills
ANSWER_CPU_SECONDS = 0.000_8 * ARM_SLOWER_BY  # `make bench B=subscribe`: a report of one, without its calls
EVENT_CPU_SECONDS = 0.000_024 * ARM_SLOWER_BY  # the same: what each further event of a report takes
TRANSACTION_UNIT_SECONDS = 0.000_2  # what each unit that a transaction writes adds to its wait: a hundred rows, 40 ms

# --- A month ---
MINUTES_AN_HOUR = 60
MINUTES_A_MONTH = 43_800
POLLERS_AT_REST = 2  # «Configuring scaling behavior for SQS event source mappings»: five, two while traffic is low,
POLLERS_KEPT = 5  # but not where the mapping has a maximum
POLLS_A_MINUTE = 3  # long polls of 20 s
ARTIFACT_BYTES = 1_000_000_000  # about twenty releases of archives, and the SDK's files
