"""What goes wrong with Kafka, as Spark's errors that name topic, partition and offset."""

from __future__ import annotations

import confluent_kafka

from potok.connectors.kafka_oauth import NO_TOKEN
from potok.errors import SparkError

_CODES = confluent_kafka.KafkaError
_SLOW = {_CODES._TIMED_OUT, _CODES._TRANSPORT, _CODES._ALL_BROKERS_DOWN, _CODES._RESOLVE}  # noqa: SLF001 - public codes
# Waiting does not help.
_ALERT = "SSL alert number"
_REFUSALS = {_CODES._AUTHENTICATION, _CODES._SSL}  # noqa: SLF001 - as above
# librdkafka gives the code of a wrong password to a login that was cut off or came at the wrong moment, too: brokers
# refuse to look at a new token within a second. It connects again, and is then told whether the password is wrong.
_UNTIMELY = tuple(_CODES(code).str() for code in (_CODES.ILLEGAL_SASL_STATE, _CODES._TRANSPORT))  # noqa: SLF001 - as above


def is_refusal(error: confluent_kafka.KafkaError) -> bool:
    """Whether name, password or certificates are wrong. What a broker says of ours is a code of transport."""
    return (error.code() in _REFUSALS and not is_untimely(error.str())) or _ALERT in error.str()


def is_untimely(text: str) -> bool:
    """Whether a login failed without having been looked at. The client itself tries again."""
    return any(cause in text for cause in _UNTIMELY)


def lacks_token(text: str) -> bool:
    """Whether no new token could be had: who has one that is still good goes on, and the client asks again."""
    return NO_TOKEN in text


def failed(message: str) -> SparkError:
    """An `org.apache.kafka.common.KafkaException`."""
    return SparkError("_LEGACY_ERROR_TEMP_JAVA.KAFKA", message=message)


def too_late(message: str) -> SparkError:
    """An `org.apache.kafka.common.errors.TimeoutException`."""
    return SparkError("_LEGACY_ERROR_TEMP_JAVA.KAFKA_TIMEOUT", message=message)


def kafka_error(error: confluent_kafka.KafkaException, what: str = "", more: str = "") -> SparkError:
    """An error of the client. `what` it is about stands before, `more` (what the client has said before) behind."""
    cause = error.args[0]
    text = cause.str() if isinstance(cause, _CODES) else str(cause)
    message = f"{what}: {text}" if what else text
    if more and more not in message:
        message = f"{message}. {more}"
    if isinstance(cause, _CODES):
        if cause.code() == _CODES._INVALID_ARG:  # noqa: SLF001 - as above
            return wrong_setting(text)
        if cause.code() in _SLOW:
            return too_late(message)
    return failed(message)


def wrong_setting(text: str) -> SparkError:
    """What the client says of a setting that it does not know or cannot use."""
    return SparkError("_LEGACY_ERROR_TEMP_JAVA.KAFKA_CONFIG", message=f"Kafka option: {text}")
