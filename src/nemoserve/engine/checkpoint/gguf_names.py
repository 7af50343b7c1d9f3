"""Where a family's tensor lies in a GGUF file, and what llama.cpp did to it. Knows names; no tensors.

The bare names are those of `weights.py`. llama.cpp stores some tensors changed: the decay as -exp(A_log), rows of queries and keys
in the order of rotary positions by neighbouring pairs, experts stacked, and small ones reshaped (its `conversion/` scripts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Change = Literal["none", "flatten", "conv", "decay", "pairs"]


@dataclass(frozen=True, slots=True)
class Place:
    """A tensor of the file; `expert` is the part of it when experts are stacked."""

    name: str
    change: Change = "none"
    expert: int | None = None


_OUTSIDE = {
    "embeddings.weight": "token_embd.weight",
    "embed_tokens.weight": "token_embd.weight",
    "norm_f.weight": "output_norm.weight",
    "norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_HYBRID: dict[str, tuple[str, Change]] = {
    "norm.weight": ("attn_norm.weight", "none"),
    "mixer.conv1d.weight": ("ssm_conv1d.weight", "conv"),
    "mixer.conv1d.bias": ("ssm_conv1d.bias", "none"),
    "mixer.A_log": ("ssm_a", "decay"),
    "mixer.D": ("ssm_d", "flatten"),
    "mixer.dt_bias": ("ssm_dt.bias", "none"),
    "mixer.norm.weight": ("ssm_norm.weight", "flatten"),
    "mixer.gate.weight": ("ffn_gate_inp.weight", "none"),
    "mixer.gate.e_score_correction_bias": ("exp_probs_b.bias", "none"),
}
_HYBRID_LINEARS = {
    "mixer.in_proj": "ssm_in",
    "mixer.out_proj": "ssm_out",
    "mixer.q_proj": "attn_q",
    "mixer.k_proj": "attn_k",
    "mixer.v_proj": "attn_v",
    "mixer.o_proj": "attn_output",
    "mixer.up_proj": "ffn_up",
    "mixer.down_proj": "ffn_down",
    "mixer.shared_experts.up_proj": "ffn_up_shexp",
    "mixer.shared_experts.down_proj": "ffn_down_shexp",
    "mixer.fc1_latent_proj": "ffn_latent_down",
    "mixer.fc2_latent_proj": "ffn_latent_up",
}
_LLAMA: dict[str, tuple[str, Change]] = {
    "input_layernorm.weight": ("attn_norm.weight", "none"),
    "post_attention_layernorm.weight": ("ffn_norm.weight", "none"),
}
_LLAMA_LINEARS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.linear": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_LAYER = re.compile(r"layers\.(\d+)\.(.+)")
_EXPERT = re.compile(r"mixer\.experts\.(\d+)\.(up|down)_proj\.weight")


def place_of(architecture: str, name: str) -> Place | None:
    """Where the tensor of this bare name lies; None when the architecture has no such tensor."""
    if name in _OUTSIDE:
        return Place(_OUTSIDE[name])
    layer = _LAYER.fullmatch(name)
    if layer is None:
        return None
    block, rest = f"blk.{layer[1]}", layer[2]
    hybrid = architecture.startswith("nemotron_h")
    expert = _EXPERT.fullmatch(rest) if hybrid else None
    if expert is not None:
        return Place(f"{block}.ffn_{expert[2]}_exps.weight", expert=int(expert[1]))
    single = (_HYBRID if hybrid else _LLAMA).get(rest)
    if single is not None:
        return Place(f"{block}.{single[0]}", single[1])
    stem, _, end = rest.rpartition(".")
    linear = (_HYBRID_LINEARS if hybrid else _LLAMA_LINEARS).get(stem)
    if linear is None or end not in ("weight", "bias"):
        return None
    return Place(f"{block}.{linear}.{end}", "pairs" if stem in ("self_attn.q_proj", "self_attn.k_proj") else "none")
