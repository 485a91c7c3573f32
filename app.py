"""The whole app on one screen: its doors, and one line per blueprint."""

from chalicelib.aws import telemetry
from chalicelib.aws.buckets import buckets
from chalicelib.config import settings
from chalicelib.features.analytics.api import apis as analytics_apis
from chalicelib.features.analytics.worker import worker as analytics_worker
from chalicelib.features.audit.api import api as audit_api
from chalicelib.features.audit.worker import worker as audit_worker
from chalicelib.features.campaigns.api import api as campaigns_api
from chalicelib.features.checks.api import api as checks_api
from chalicelib.features.due.worker import worker as due_worker
from chalicelib.features.identity.api.blueprints import identity_apis
from chalicelib.features.mail.worker import worker as mail_worker
from chalicelib.features.operations.api import api as operations_api
from chalicelib.features.privacy.api import apis as privacy_apis
from chalicelib.features.privacy.worker import worker as privacy_worker
from chalicelib.features.sending.api.desk import api as desk_api
from chalicelib.features.sending.api.notifications import api as notifications_api
from chalicelib.features.sending.api.runs import api as runs_api
from chalicelib.features.sending.worker import worker as sending_worker
from chalicelib.features.sites.api import api as sites_api
from chalicelib.features.sites.api import sdk_api as sites_sdk_api
from chalicelib.features.subscriptions.api import apis as subscriptions_apis
from chalicelib.features.tenants.api import api as tenants_api
from chalicelib.web.app import App, Authenticator, Replays, Suspicion, Trail
from chalicelib.web.pages.api import api as pages_api

settings()


def _authenticator() -> Authenticator:
    from chalicelib.features.identity.wiring import authenticator

    return authenticator()


def _trail() -> Trail:
    from chalicelib.features.audit.wiring import audit

    return audit()


def _replays() -> Replays:
    from chalicelib.aws.replays import StoredReplays

    return StoredReplays()


def _suspicion() -> Suspicion:
    from chalicelib.features.identity.wiring import suspicion

    return suspicion()


app = App(
    "pushsaas", authenticator=_authenticator, trail=_trail, replays=_replays, buckets=buckets, suspicion=_suspicion,
    observer=telemetry,
)  # fmt: skip

for blueprint in (
    *identity_apis,
    tenants_api,
    audit_api,
    sites_api,
    sites_sdk_api,
    checks_api,
    *privacy_apis,
    *subscriptions_apis,
    campaigns_api,
    runs_api,
    notifications_api,
    *analytics_apis,
    operations_api,
    desk_api,
    pages_api,
    analytics_worker,
    audit_worker,
    due_worker,
    mail_worker,
    privacy_worker,
    sending_worker,
):
    app.register_blueprint(blueprint)
