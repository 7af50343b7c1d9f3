"""What of a server's settings goes into the audit log: who may call, who answers, what it costs, what is kept. Without secrets."""

from __future__ import annotations

import hashlib

import msgspec

from nemoserve.config.engines import EngineSettings
from nemoserve.config.providers import ProviderSettings
from nemoserve.config.settings import Settings


def audited(settings: Settings) -> dict[str, object]:
    """As JSON values. Of what is too long to be told, as of prices, there is a digest, so that a change of it is seen."""
    url, prices = settings.database_url, settings.prices
    return {
        "host": settings.host,
        "port": settings.port,
        "require_key": settings.require_key,
        "models": list(settings.models),
        "aliases": settings.aliases or None,
        "providers": [_provider(provider) for provider in settings.providers] or None,
        "engines": [_engine(engine) for engine in settings.engines] or None,
        "database": "sqlite" if url is None else url.rpartition("@")[2],
        "prices": None if prices is None else f"{prices} {_digest(prices.read_bytes())}",
        "retain_content_days": settings.retain_content_days,
    }


def _provider(provider: ProviderSettings) -> str:
    told = msgspec.structs.replace(provider, api_key=None, api_keys=(), headers={})
    return f"{provider.name} {provider.address} {_digest(msgspec.json.encode(told, order='sorted'))}"


def _engine(engine: EngineSettings) -> str:
    told = msgspec.structs.replace(engine, env={})
    return f"{engine.name} {engine.model} {_digest(msgspec.json.encode(told, order='sorted'))}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
