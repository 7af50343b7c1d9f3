"""The configuration's models as endpoints. What the configuration does not say of a model, the catalogue may know."""

from __future__ import annotations

from nemoserve.backends.remote.dialect import DIALECTS, can_limit, limits_thinking, parameters_for
from nemoserve.backends.remote.family import family_named, family_of_id
from nemoserve.catalogue.book import model_book
from nemoserve.config.providers import ProviderModel, ProviderSettings
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.model import Family

DEFAULT_CONTEXT = 131_072
"""What all models of the family but the newest are offered with."""


def endpoint_of(settings: ProviderSettings, model: ProviderModel) -> Endpoint:
    """One model at one provider."""
    dialect, family, book = DIALECTS[settings.type], _family(model), model_book()
    found = book.find(model.model) or book.find(model.upstream_id)
    known = _published(settings, model)
    published = DEFAULT_CONTEXT if found is None else found.entry.context_length
    known_inputs = () if found is None or dialect.images == "if_told" else found.entry.input_modalities
    return Endpoint(
        model=model.model,
        provider=settings.name,
        upstream_id=model.upstream_id or model.id,
        variant=model.variant,
        local=settings.local,
        context_length=model.context_length or (published if known is None else known.context_length),
        max_completion_tokens=model.max_completion_tokens or (None if known is None else known.max_completion_tokens),
        quantization=model.quantization or ("unknown" if known is None else known.quantization),
        collects_data=_collects_data(settings, model, routes=dialect.routes),
        zdr=_zdr(settings, model),
        parameters=parameters_for(dialect, family) if model.parameters is None else frozenset(model.parameters),
        images="image" in (known_inputs if model.modalities is None else model.modalities),
        texts=dialect.texts is not None,
        past_thinking=bool(dialect.past_thinking),
        reasoning_budget=can_limit(dialect, family),
        two_calls=can_limit(dialect, family) and not limits_thinking(dialect, family),
    )


def _published(settings: ProviderSettings, model: ProviderModel) -> Endpoint | None:
    """What the catalogue knows of it there; some providers have nothing but a free variant."""
    names = (model.id, model.upstream_id, f"{model.model}:free", f"{model.upstream_id}:free")
    found = (model_book().endpoint(name, provider) for name in names for provider in (settings.name, settings.type))
    return next((endpoint for endpoint in found if endpoint is not None), None)


def _zdr(settings: ProviderSettings, model: ProviderModel) -> bool:
    return settings.zdr if model.zdr is None else model.zdr


def _collects_data(settings: ProviderSettings, model: ProviderModel, *, routes: bool) -> bool:
    """What is not said counts as the worse: not at servers of one's own, nor where nothing is kept, nor at a router, which is told
    what the request says and minds it."""
    said = settings.collects_data if model.collects_data is None else model.collects_data
    return not (settings.local or routes or _zdr(settings, model)) if said is None else said


def family_of(settings: ProviderSettings, endpoint: Endpoint) -> Family:
    """The family of an endpoint's model."""
    for model in settings.models:
        if (model.model, model.variant) == (endpoint.model, endpoint.variant):
            return _family(model)
    return family_of_id(endpoint.upstream_id, endpoint.model)


def _family(model: ProviderModel) -> Family:
    return family_of_id(model.upstream_id, model.model) if model.family is None else family_named(model.family)
