// The console's front door: every panel shows its part of each state; what goes wrong is said at the top of the page.

import { find, tell } from "/local/dom.js";
import { Feed, Refused } from "/local/feed.js";
import * as arrivals from "/local/panels/arrivals.js";
import * as browser from "/local/panels/browser.js";
import * as campaign from "/local/panels/campaign.js";
import * as clock from "/local/panels/clock.js";
import * as log from "/local/panels/log.js";
import * as outbox from "/local/panels/outbox.js";
import * as pushService from "/local/panels/push_service.js";
import * as runs from "/local/panels/runs.js";
import * as start from "/local/panels/start.js";
import * as work from "/local/panels/work.js";

const PANELS = [clock, start, campaign, runs, work, arrivals, pushService, browser, outbox, log];

const feed = new Feed({
  show(state) {
    find("alarm").hidden = true;
    document.body.classList.remove("lost");
    for (const panel of PANELS) panel.show(state);
  },
  lost(error) {
    document.body.classList.add("lost");
    find("alarm").hidden = false;
    tell(find("alarm"), error instanceof Refused ? `The local product answers with an error: ${error.message}` : error.message);
    clock.stop();
  },
});

document.addEventListener("asked", () => feed.now());
feed.now();
