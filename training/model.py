"""The Nemotron-H architecture for training: whole packed rows, resets between documents, gradients. No cache, no text.

Parameter names are those of a Hugging Face `nemotron_h` checkpoint, so `state_dict()` is what gets exported. A packed row
holds several documents one after another; nothing may leak from one into the next, which takes a reset in four places:
the convolution's taps, the mask inside a chunk, the state carried between chunks, and attention.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RESET = -60.0
"""Log decay added at a document's first token: exp(-60) ~ 9e-27 forgets in float32, and cumulative sums stay accurate."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a small Nemotron-H. `pattern`: M = Mamba-2, `-` = MLP, `*` = attention, one letter per layer."""

    pattern: str = "M-M*-M-M*-M-M*-"
    hidden: int = 192
    intermediate: int = 768
    vocab: int = 2560
    heads: int = 6
    kv_heads: int = 3
    head_dim: int = 32
    mamba_heads: int = 12
    mamba_head_dim: int = 32
    state: int = 32
    groups: int = 2
    conv_kernel: int = 4
    chunk: int = 32
    eps: float = 1e-5

    @property
    def d_inner(self) -> int:
        return self.mamba_heads * self.mamba_head_dim

    @property
    def d_conv(self) -> int:
        return self.d_inner + 2 * self.groups * self.state

    def config(self, special: dict[str, int], context: int) -> dict[str, Any]:
        """config.json of the exported checkpoint. time_step_min is tiny because transformers clamps dt at it."""
        return {
            "architectures": ["NemotronHForCausalLM"],
            "model_type": "nemotron_h",
            "vocab_size": self.vocab,
            "hidden_size": self.hidden,
            "num_hidden_layers": len(self.pattern),
            "hybrid_override_pattern": self.pattern,
            "intermediate_size": self.intermediate,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "mamba_num_heads": self.mamba_heads,
            "mamba_head_dim": self.mamba_head_dim,
            "ssm_state_size": self.state,
            "n_groups": self.groups,
            "conv_kernel": self.conv_kernel,
            "expand": 2,
            "chunk_size": self.chunk,
            "time_step_min": 1e-9,
            "time_step_max": 0.1,
            "time_step_floor": 1e-9,
            "time_step_limit": [0.0, 1e9],
            "layer_norm_epsilon": self.eps,
            "mlp_hidden_act": "relu2",
            "mamba_hidden_act": "silu",
            "use_bias": False,
            "mlp_bias": False,
            "attention_bias": False,
            "mamba_proj_bias": False,
            "use_conv_bias": True,
            "residual_in_fp32": False,
            "rescale_prenorm_residual": False,
            "max_position_embeddings": context,
            "mamba_ssm_cache_dtype": "float32",
            "num_logits_to_keep": 1,
            "tie_word_embeddings": False,
            "torch_dtype": "bfloat16",
            "bos_token_id": special["<s>"],
            "eos_token_id": special["<SPECIAL_12>"],
            "pad_token_id": special["<unk>"],
        }


class RMSNorm(nn.Module):
    def __init__(self, width: int, eps: float, groups: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps, self.groups = eps, groups

    def forward(self, x: Tensor) -> Tensor:
        grouped = x.unflatten(-1, (self.groups, -1))
        normed = grouped * torch.rsqrt(grouped.square().mean(-1, keepdim=True) + self.eps)
        return normed.flatten(-2) * self.weight


class Mamba2(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.in_proj = nn.Linear(s.hidden, s.d_inner + s.d_conv + s.mamba_heads, bias=False)
        self.conv1d = nn.Conv1d(s.d_conv, s.d_conv, s.conv_kernel, groups=s.d_conv)
        self.A_log = nn.Parameter(torch.log(torch.empty(s.mamba_heads).uniform_(1.0, 16.0)))
        self.D = nn.Parameter(torch.ones(s.mamba_heads))
        dt = torch.exp(torch.empty(s.mamba_heads).uniform_(math.log(1e-3), math.log(1e-1)))
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))
        self.norm = RMSNorm(s.d_inner, s.eps, s.groups)
        self.out_proj = nn.Linear(s.d_inner, s.hidden, bias=False)

    def forward(self, h: Tensor, taps: Tensor, reset: Tensor) -> Tensor:
        """h [B, T, hidden]; taps [K-1, B, T, 1] is 1 where the token k+1 places back is of the same document."""
        s = self.s
        z, xbc, dt = self.in_proj(h).split([s.d_inner, s.d_conv, s.mamba_heads], dim=-1)
        weight = self.conv1d.weight[:, 0, :]
        mixed = xbc * weight[:, -1] + self.conv1d.bias
        for back in range(1, s.conv_kernel):
            mixed = mixed + F.pad(xbc, (0, 0, back, 0))[:, : xbc.shape[1]] * taps[back - 1] * weight[:, -1 - back]
        mixed = F.silu(mixed)
        x, b, c = mixed.split([s.d_inner, s.groups * s.state, s.groups * s.state], dim=-1)
        dt = F.softplus(dt + self.dt_bias)
        decay = dt * -torch.exp(self.A_log) + reset
        y = ssd(
            x.unflatten(-1, (s.mamba_heads, s.mamba_head_dim)),
            dt,
            decay,
            b.unflatten(-1, (s.groups, s.state)),
            c.unflatten(-1, (s.groups, s.state)),
            s.chunk,
        )
        y = y + x.unflatten(-1, (s.mamba_heads, s.mamba_head_dim)) * self.D[:, None]
        return self.out_proj(self.norm(y.flatten(-2) * F.silu(z)))


def decayed(log: Tensor) -> Tensor:
    """exp, kept in the range where a CPU computes it quickly: underflow takes up to a hundred times as long, and
    exp(-80) ~ 2e-35 is nothing. Positive values belong to masked places and must not overflow."""
    return log.clamp(-80.0, 0.0).exp()


def ssd(x: Tensor, dt: Tensor, decay: Tensor, b: Tensor, c: Tensor, chunk: int) -> Tensor:
    """The chunked state-space scan (Dao and Gu 2024, section 6). x [B, T, H, P], dt and decay (log) [B, T, H],
    b and c [B, T, G, N] -> [B, T, H, P]. T is a multiple of `chunk`."""
    batch, length, heads, _ = x.shape
    groups = b.shape[2]
    per = heads // groups
    n = length // chunk
    x = (x * dt.unsqueeze(-1)).view(batch, n, chunk, groups, per, -1)
    b, c = (t.view(batch, n, chunk, groups, -1) for t in (b, c))
    cum = decay.view(batch, n, chunk, groups, per).cumsum(2)
    mask = torch.ones(chunk, chunk, device=x.device).tril()
    by_head = cum.permute(0, 1, 3, 4, 2)  # [B, n, G, per, L]
    segments = decayed(by_head.unsqueeze(-1) - by_head.unsqueeze(-2)) * mask
    scores = torch.einsum("bnigs,bnjgs->bngij", c, b)
    inside = torch.einsum("bngpij,bnjgpd->bnigpd", scores.unsqueeze(3) * segments, x)
    total = cum[:, :, -1]  # [B, n, G, per]
    added = torch.einsum("bnjgs,bnjgpd->bngpds", b, x * decayed(total.unsqueeze(2) - cum).unsqueeze(-1))
    # State at the start of every chunk: decayed sums of what the earlier chunks added.
    run = F.pad(total, (0, 0, 0, 0, 1, 0)).cumsum(1)[:, :n]  # decay up to each chunk's start
    to_start = (run.unsqueeze(2) - (run + total).unsqueeze(1)).permute(0, 3, 4, 1, 2)  # [B, G, per, to, from]
    carried = decayed(to_start) * torch.ones(n, n, device=x.device).tril(-1)
    states = torch.einsum("bgpmn,bngpds->bmgpds", carried, added)
    outside = torch.einsum("bnigs,bngpds->bnigpd", c, states) * decayed(cum).unsqueeze(-1)
    return (inside + outside).reshape(batch, length, heads, -1)


class Attention(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.q_proj = nn.Linear(s.hidden, s.heads * s.head_dim, bias=False)
        self.k_proj = nn.Linear(s.hidden, s.kv_heads * s.head_dim, bias=False)
        self.v_proj = nn.Linear(s.hidden, s.kv_heads * s.head_dim, bias=False)
        self.o_proj = nn.Linear(s.heads * s.head_dim, s.hidden, bias=False)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        s = self.s
        q = self.q_proj(h).unflatten(-1, (s.heads, s.head_dim)).transpose(1, 2)
        k, v = (p(h).unflatten(-1, (s.kv_heads, s.head_dim)).transpose(1, 2) for p in (self.k_proj, self.v_proj))
        k, v = (t.repeat_interleave(s.heads // s.kv_heads, dim=1) for t in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.o_proj(y.transpose(1, 2).flatten(-2))


class MLP(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.up_proj = nn.Linear(s.hidden, s.intermediate, bias=False)
        self.down_proj = nn.Linear(s.intermediate, s.hidden, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        return self.down_proj(F.relu(self.up_proj(h)).square())


class Layer(nn.Module):
    def __init__(self, s: Shape, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.norm = RMSNorm(s.hidden, s.eps)
        self.mixer: nn.Module = {"M": Mamba2, "*": Attention, "-": MLP}[kind](s)


class Backbone(nn.Module):
    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.embeddings = nn.Embedding(s.vocab, s.hidden)
        self.layers = nn.ModuleList(Layer(s, kind) for kind in s.pattern)
        self.norm_f = RMSNorm(s.hidden, s.eps)


class NemotronH(nn.Module):
    """`forward` takes packed rows of token ids and document numbers, both [B, T]; returns logits [B, T, vocab]."""

    def __init__(self, s: Shape) -> None:
        super().__init__()
        self.s = s
        self.backbone = Backbone(s)
        self.lm_head = nn.Linear(s.hidden, s.vocab, bias=False)
        residual = 1 / math.sqrt(2 * len(s.pattern))
        for name, p in self.named_parameters():
            if name.endswith("conv1d.weight"):
                nn.init.uniform_(p, -0.5, 0.5)
            elif name.endswith("conv1d.bias"):
                nn.init.zeros_(p)
            elif "embeddings" in name:
                nn.init.normal_(p, std=0.02)
            elif p.ndim == 2:
                nn.init.normal_(p, std=1 / math.sqrt(p.shape[1]))
                if name.endswith(("o_proj.weight", "out_proj.weight", "down_proj.weight")):
                    with torch.no_grad():
                        p.mul_(residual)
        with torch.no_grad():
            self.lm_head.weight.mul_(0.5)

    def forward(self, ids: Tensor, documents: Tensor) -> Tensor:
        s = self.s
        shifted = [F.pad(documents, (back, 0), value=-1)[:, : ids.shape[1]] for back in range(1, s.conv_kernel)]
        taps = torch.stack([(past == documents) for past in shifted]).to(torch.float32).unsqueeze(-1)
        reset = (RESET * (1 - taps[0])).to(torch.float32)
        mask = (documents.unsqueeze(1) == documents.unsqueeze(2)).tril().unsqueeze(1)
        x = self.backbone.embeddings(ids)
        for layer in self.backbone.layers:
            h = layer.norm(x)
            if layer.kind == "M":
                x = x + layer.mixer(h, taps, reset)
            elif layer.kind == "*":
                x = x + layer.mixer(h, mask)
            else:
                x = x + layer.mixer(h)
        return self.lm_head(self.backbone.norm_f(x))
