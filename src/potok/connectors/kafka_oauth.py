"""SASL/OAUTHBEARER in the words of Java's client, as settings of librdkafka.

librdkafka fetches and renews the tokens itself. Source of facts: Kafka's OAuthBearerLoginModule,
OAuthBearerLoginCallbackHandler, OAuthBearerUnsecuredLoginCallbackHandler, SaslConfigs; librdkafka's CONFIGURATION.md.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from importlib.metadata import version
from urllib.parse import quote_plus

from potok.errors import unsupported

MECHANISM = "OAUTHBEARER"
# What librdkafka says, with the code of a wrong password, when a token cannot be had at this moment.
NO_TOKEN = "Failed to acquire SASL OAUTHBEARER token"  # noqa: S105 - a message
_HANDLER = "sasl.login.callback.handler.class"
_ENDPOINT = "sasl.oauthbearer.token.endpoint.url"
_HEADER = "sasl.oauthbearer.header.urlencode"
_CLASSES = {
    _HANDLER: {"OAuthBearerLoginCallbackHandler", "OAuthBearerUnsecuredLoginCallbackHandler"},
    "sasl.oauthbearer.jwt.retriever.class": {"DefaultJwtRetriever", "ClientCredentialsJwtRetriever"},
    "sasl.oauthbearer.jwt.validator.class": {"DefaultJwtValidator", "ClientJwtValidator"},
}
_RENAMED = {
    "clientId": "sasl.oauthbearer.client.id",
    "clientSecret": "sasl.oauthbearer.client.secret",
    "scope": "sasl.oauthbearer.scope",
    "sasl.oauthbearer.client.credentials.client.id": "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.secret": "sasl.oauthbearer.client.secret",
}
_UNSECURED = {
    "unsecuredLoginPrincipalClaimName": "principalClaimName",
    "unsecuredLoginScopeClaimName": "scopeClaimName",
    "unsecuredLoginLifetimeSeconds": "lifeSeconds",
}
_CLAIM = "unsecuredLoginStringClaim_"
_UNSECURED_EXTENSION = "unsecuredLoginExtension_"
_EXTENSION = "extension_"
_TRUST = {"ssl.truststore.location": "https.ca.location", "ssl.truststore.certificates": "https.ca.pem"}
# Of confluent-kafka: the first that has the settings https.ca.* for certain.
_KNOWS_HTTPS = (2, 12)
_ID_AND_SECRET = ("sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret")


def is_oauth_setting(name: str) -> bool:
    """Whether `oauth_settings` says what becomes of a setting of the client."""
    return name in _CLASSES or name in _RENAMED or name in {_ENDPOINT, _HEADER}


def oauth_settings(kafka: Mapping[str, str]) -> dict[str, str]:
    """The settings that stand beside the JAAS configuration. Raises UNSUPPORTED_FEATURE.POTOK for other Java classes."""
    for name, known in _CLASSES.items():
        if name in kafka and kafka[name].rpartition(".")[2] not in known:
            raise unsupported(
                f"the option kafka.{name} {kafka[name]} (a Java class)", "Leave the option away."
            )
    settings = {_RENAMED[name]: text for name, text in kafka.items() if name in _RENAMED}
    endpoint = kafka.get(_ENDPOINT)
    if endpoint is not None:
        if not endpoint.lower().startswith(("http://", "https://")):
            raise unsupported(
                f"tokens from {endpoint} (option kafka.{_ENDPOINT})", "Give an http or https address."
            )
        settings |= {_ENDPOINT: endpoint, "sasl.oauthbearer.method": "oidc"}
    return settings


def login_settings(options: Mapping[str, str]) -> dict[str, str]:
    """The options of an OAuthBearerLoginModule in `sasl.jaas.config`. Raises UNSUPPORTED_FEATURE.POTOK for unknown ones."""
    if any(name.startswith("unsecuredLogin") for name in options):
        return _unsecured(options)
    settings = {"sasl.oauthbearer.method": "oidc"}
    extensions = []
    for name, value in options.items():
        if name.startswith(_EXTENSION):
            extensions.append(f"{name.removeprefix(_EXTENSION)}={value}")
        elif name in _TRUST and options.get("ssl.truststore.type", "").upper() == "PEM":
            settings[_TRUST[name]] = value
        elif name in _RENAMED:
            settings[_RENAMED[name]] = value
        elif name != "ssl.truststore.type":
            raise _unknown(name)
    if extensions:
        settings["sasl.oauthbearer.extensions"] = ",".join(extensions)
    return settings


def completed(settings: Mapping[str, str], kafka: Mapping[str, str]) -> dict[str, str]:
    """What follows from the settings of a client together."""
    more = {}
    if kafka.get(_HEADER, "false").lower() == "true":
        # Some token endpoints want id and secret encoded before they are put together.
        more = {name: quote_plus(settings[name]) for name in _ID_AND_SECRET if name in settings}
    if settings.get(_ENDPOINT, "").lower().startswith("https://") and settings.keys().isdisjoint(
        _TRUST.values()
    ):
        more |= _trusted()
    return more


def _trusted() -> dict[str, str]:
    """The system's certificates, where Python finds them: librdkafka looks where they are on the system that built it."""
    file = ssl.get_default_verify_paths().cafile
    major, minor = map(int, version("confluent-kafka").split(".")[:2])
    return {"https.ca.location": file} if file and (major, minor) >= _KNOWS_HTTPS else {}


def _unsecured(options: Mapping[str, str]) -> dict[str, str]:
    """Tokens without a signature, made by the client, for brokers of tests."""
    claim = options.get("unsecuredLoginPrincipalClaimName", "sub")
    words = []
    for name, value in options.items():
        if name == f"{_CLAIM}{claim}":
            words.append(f"principal={value}")
        elif name.startswith(_UNSECURED_EXTENSION):
            words.append(f"extension_{name.removeprefix(_UNSECURED_EXTENSION)}={value}")
        elif name in _UNSECURED:
            words.append(f"{_UNSECURED[name]}={value}")
        else:
            raise _unknown(name)
    return {
        "enable.sasl.oauthbearer.unsecure.jwt": "true",
        "sasl.oauthbearer.config": " ".join(words),
    }


def _unknown(name: str) -> Exception:
    return unsupported(
        f"{name} in kafka.sasl.jaas.config",
        "Use clientId, clientSecret, scope, extension_<name>, and ssl.truststore.location with"
        " ssl.truststore.type PEM; or unsecuredLoginStringClaim_sub.",
    )
