"""How many bits each weight of a model gets. Knows tensor names by the model's description; no tensors.

The products in the blocks carry nearly all of a model, and get what was asked for. The embeddings are read one row a token, and an
error of the head goes straight into the choice of the next token: both get 8 bits unless said otherwise. Norms, convolutions, routers,
biases and the constants of the recurrence are few, and stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nemoserve.convert.calibration import Loss
from nemoserve.engine.models.blocks import (
    AttentionMixer,
    ExpertsMixer,
    LinearMixer,
    MambaMixer,
    Mixer,
    MlpMixer,
    ModelConfig,
)

Format = Literal["int8", "int4", "keep"]
BITS: dict[Format, int] = {"int8": 8, "int4": 4, "keep": 0}


@dataclass(frozen=True, slots=True)
class Policy:
    mamba: Format
    attention: Format
    mlp: Format
    """The experts of a mixture too."""
    head: Format
    embeddings: Format


def policy_for(
    to: Format,
    *,
    mamba: Format | None = None,
    attention: Format | None = None,
    mlp: Format | None = None,
    head: Format | None = None,
    embeddings: Format | None = None,
    tied: bool = False,
) -> Policy:
    """The policy that makes an int8 or int4 checkpoint, with what the user has chosen otherwise.

    `tied`: head and embeddings are one matrix. What was chosen for either holds for both, of two choices the finer.
    """
    chosen: list[Format] = [form for form in (head, embeddings) if form is not None]
    if tied and chosen:
        head = embeddings = max(chosen, key=lambda form: BITS[form] or 16)
    return Policy(mamba or to, attention or to, mlp or to, head or "int8", embeddings or "int8")


def assign(config: ModelConfig, policy: Policy) -> dict[str, int]:
    """Bits by the names of the weights that are quantised, `layers.0.mixer.in_proj.weight` and so on; the rest is kept."""
    bits: dict[str, int] = {config.embeddings: BITS[policy.embeddings]}
    for block in config.blocks:
        form = _form(block.mixer, policy)
        bits |= {f"{block.name}.{name}.weight": BITS[form] for name in products(block.mixer)}
    if not config.tie_word_embeddings:
        bits["lm_head.weight"] = BITS[policy.head]
    return {name: count for name, count in bits.items() if count}


def raised(bits: dict[str, int], finer: dict[str, int], losses: Sequence[Loss], share: float) -> dict[str, int]:
    """`bits` with those of `finer` for the blocks that lose most for their size, until these are so large a share of all that may be finer.

    `finer` has what each weight may have at most. At least one block gets it, if there is one.
    """
    open_to = [loss for loss in losses if any(finer.get(name, 0) > bits[name] for name in loss.names)]
    left = share * sum(loss.weights for loss in open_to)
    made = dict(bits)
    for loss in sorted(open_to, key=lambda loss: -loss.error / loss.weights):
        if made != bits and loss.weights > left:
            continue
        left -= loss.weights
        made |= {name: finer[name] for name in loss.names}
    return made


def products(mixer: Mixer) -> list[str]:
    """The names of a mixer's linear maps, under the block's."""
    match mixer:
        case MambaMixer():
            return ["in_proj", "out_proj"]
        case AttentionMixer():
            return ["q_proj", "k_proj", "v_proj", "o_proj"]
        case MlpMixer(activation="relu2"):
            return ["up_proj", "down_proj"]
        case MlpMixer():
            return ["gate_proj", "up_proj", "down_proj"]
        case LinearMixer():
            return [mixer.suffix]
        case ExpertsMixer():
            stems = [*(f"experts.{number}" for number in range(mixer.experts)), "shared_experts"]
            latent = [] if mixer.latent is None else ["fc1_latent_proj", "fc2_latent_proj"]
            return [f"{stem}.{name}" for stem in stems for name in ("up_proj", "down_proj")] + latent


def _form(mixer: Mixer, policy: Policy) -> Format:
    match mixer:
        case MambaMixer():
            return policy.mamba
        case AttentionMixer():
            return policy.attention
        case _:
            return policy.mlp
