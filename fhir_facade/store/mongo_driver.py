"""The two drivers: PyMongo's asynchronous client, and Motor, which is optional; their errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from bson.errors import BSONError
from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, InvalidOperation, OperationFailure, PyMongoError

from fhir_facade.errors import StoreUnavailable
from fhir_facade.store.base import Overtaken, UnsupportedFilter

_RETRY: Final = {"Retry-After": "2"}
# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_REFUSED_FILTER: Final = frozenset({2, 9, 51091, 51108})


def client_class(driver: str) -> Any:
    """Return the class of the client, PyMongo's asynchronous one or Motor's."""
    if driver == "pymongo":
        return AsyncMongoClient
    if driver != "motor":
        raise ValueError("mongo_driver is pymongo or motor")
    try:
        from motor.motor_asyncio import AsyncIOMotorClient
    except ModuleNotFoundError:
        raise ValueError(
            "mongo_driver=motor needs the extra: pip install 'fhir-facade[motor]'"
        ) from None
    return AsyncIOMotorClient


async def settled(value: Any) -> Any:
    """Await what PyMongo returns as a coroutine and Motor as a value, or the other way round."""
    return await value if inspect.isawaitable(value) else value


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into those of the protocol; their text may quote values."""
    try:
        yield
    except (ConnectionFailure, InvalidOperation) as error:
        if error.has_error_label("TransientTransactionError"):
            raise Overtaken("the transaction was lost on the way") from None
        raise _unavailable(type(error).__name__) from error
    except OperationFailure as error:
        if error.has_error_label("TransientTransactionError"):
            raise Overtaken("another transaction was first") from None
        if error.code in _REFUSED_FILTER:
            raise UnsupportedFilter(f"the server refuses the filter (code {error.code})") from None
        raise _unavailable(f"code {error.code}") from error
    except PyMongoError as error:
        raise _unavailable(type(error).__name__) from error
    except (BSONError, OverflowError, UnicodeEncodeError) as error:
        raise UnsupportedFilter(f"BSON cannot hold the filter: {type(error).__name__}") from None


def _unavailable(reason: str) -> StoreUnavailable:
    return StoreUnavailable(f"the MongoDB server is unavailable ({reason})", headers=dict(_RETRY))
