"""Tiny models for tests: GGUF files of under a megabyte that the real llama.cpp loads and runs.

A "speaking" model has attention and feed-forward outputs at zero, so that what it says next depends on its last
token alone; its output matrix is then a hand-made table "after this token, that one", and it says any text we
choose, then ends. `{a|b}` in the text is a fair coin between two pieces: seeds become visible. A "babbling" model
has random weights.
"""

from __future__ import annotations

import re
from pathlib import Path

import gguf
import numpy as np

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# As Mistral Instruct's own: a system turn is not refused, it is lost.
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}"
)
REFUSING = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% endfor %}"
)
CONTROL = ("<|im_start|>", "<|im_end|>", "[INST]", "[/INST]")
WORDS = [f"▁{word}" for word in ("de", "la", "le", "les", "des", "un", "et", "vous", "votre", "nous", "est", "pour")]
WORDS += ["es", "en", "on", "re", "ti", "ai", "ur", *"aeiounrstldcmpéèà,.!’"]


def speaking(path: Path, says: str, *, template: str | None = CHATML, context: int = 2048) -> Path:
    """A model that answers `says` to whatever it is asked."""
    vocabulary = _Vocabulary()
    chain = [[vocabulary.add(piece) for piece in step] for step in _pieces(says, set(vocabulary.texts))]
    width = 128
    chance = np.random.default_rng(7)
    embedding = chance.choice([-1.0, 1.0], size=(len(vocabulary.texts), width)).astype(np.float32)
    output = np.zeros_like(embedding)
    starts = [vocabulary.texts.index("<0x0A>"), vocabulary.texts.index("[/INST]")]
    previous = starts
    for step in [*chain, [vocabulary.texts.index("<|im_end|>")]]:
        for token in step:
            for before in previous:
                output[token] += 0.3 * embedding[before]
        previous = step
    return _write(path, vocabulary, embedding, output, template=template, context=context, chance=chance, silent=True)


def babbling(path: Path, *, template: str | None = CHATML, context: int = 2048, layers: int = 2) -> Path:
    """A model of random weights: it never stops by itself and says anything."""
    vocabulary = _Vocabulary()
    chance = np.random.default_rng(3)
    shape = (len(vocabulary.texts), 128)
    embedding, output = chance.standard_normal(shape), 0.3 * chance.standard_normal(shape)
    return _write(
        path,
        vocabulary,
        embedding,
        output,
        template=template,
        context=context,
        chance=chance,
        silent=False,
        layers=layers,
    )


class _Vocabulary:
    """Token texts, kinds and scores; every byte has its token, so that any text goes through."""

    def __init__(self) -> None:
        kinds = gguf.TokenType
        self.texts = ["<unk>", "<s>", "</s>"]
        self.kinds = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL]
        for value in range(256):
            self.texts.append(f"<0x{value:02X}>")
            self.kinds.append(kinds.BYTE)
        for text in CONTROL:
            self.texts.append(text)
            self.kinds.append(kinds.CONTROL)
        self.scores = [0.0] * len(self.texts)
        for word in WORDS:
            self.add(word, score=-float(len(word)))

    def add(self, piece: str, score: float = -1e6) -> int:
        """A token of its own for `piece`; the low score keeps the tokenizer from choosing it."""
        self.texts.append(piece.replace(" ", "▁"))
        self.kinds.append(gguf.TokenType.NORMAL)
        self.scores.append(score)
        return len(self.texts) - 1


def _pieces(says: str, taken: set[str]) -> list[list[str]]:
    """Steps of the text, one or two pieces each; a piece grows by the next word until no other token has its text."""
    steps: list[list[str]] = []
    for part in re.split(r"(\{[^{}]*\})", says):
        if part.startswith("{"):
            steps.append(part[1:-1].split("|"))
        else:
            steps += [[word] for word in re.findall(r"\s*\S+\s*$|\s*\S+", part)]
    unique: list[list[str]] = []
    while steps:
        step = steps.pop(0)
        while len(step) == 1 and step[0].replace(" ", "▁") in taken and steps and len(steps[0]) == 1:
            step = [step[0] + steps.pop(0)[0]]
        taken.update(piece.replace(" ", "▁") for piece in step)
        unique.append(step)
    return unique


def _write(
    path: Path,
    vocabulary: _Vocabulary,
    embedding: np.ndarray,
    output: np.ndarray,
    *,
    template: str | None,
    context: int,
    chance: np.random.Generator,
    silent: bool,
    layers: int = 2,
) -> Path:
    width, heads, inner = embedding.shape[1], 4, 2 * embedding.shape[1]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(path.stem)
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(vocabulary.texts))
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text.encode() for text in vocabulary.texts])
    writer.add_token_scores(vocabulary.scores)
    writer.add_token_types([int(kind) for kind in vocabulary.kinds])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(vocabulary.texts.index("<|im_end|>"))
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    if template is not None:
        writer.add_chat_template(template)
    writer.add_tensor("token_embd.weight", embedding.astype(np.float16))
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    writer.add_tensor("output.weight", output.astype(np.float16))
    shapes = {f"attn_{name}": (width, width) for name in ("q", "k", "v", "output")}
    shapes |= {"ffn_gate": (inner, width), "ffn_up": (inner, width), "ffn_down": (width, inner)}
    for layer in range(layers):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(width, np.float32))
        for name, shape in shapes.items():
            scale = 0.0 if silent and name in ("attn_output", "ffn_down") else 0.1
            writer.add_tensor(f"blk.{layer}.{name}.weight", (scale * chance.standard_normal(shape)).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
