"""What the product adds to llama.cpp, and what a kept prefix saves: `python -m benchmarks.drafting [--layers 32]`.

A Mistral-7B-shaped model of random weights (Q4_0; 32 layers = 4.1 GB) is made for the occasion, with a vocabulary cut
from the home's own texts so that French costs about as many tokens as with the real one. What it says is noise; what
it costs is not. Two tables:

* overhead: the same tokens, seed and length through the drafter (routing, retrieval, prompt, streaming, grammar, checks)
  and through a bare `llama_cpp` call, the prefix being warm for both. One thread and CPU seconds, so that whatever else
  runs on the machine does not count; on fewer layers, where the product weighs more than on the whole model. The two runs
  differ by chance too: the product's own work outside the model's thread is also timed by itself.
* prefix: time to the first token for a review cold, for a second review of the same institution, for one of another
  institution of its kind, and for a third review of the first institution in a new process that finds the state on disk.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

from data import settings, warehouse
from data.warehouse import Warehouse
from generation import text
from generation.drafter import Drafter
from generation.models.base import Run
from generation.models.grammar import grammar
from generation.models.llama import Llama
from generation.prompt import Prompt
from generation.results import Asked, Draft

WIDTH, HEADS, KEYS, INNER, VOCABULARY = 4096, 32, 8, 14336, 32_000
BLOCK = gguf.GGMLQuantizationType.Q4_0
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
REPLY = 40  # tokens written in the overhead table
TARGET_OVERHEAD, TARGET_PREFIX = 0.03, 4.0


def pieces(opened: Warehouse) -> list[str]:
    """Frequent beginnings of words (five letters at most) and inner pairs and triples, as a 7B vocabulary has."""
    rows = opened.rows("SELECT body FROM reviews WHERE body IS NOT NULL ORDER BY hash(id) LIMIT 4000")
    rows += opened.rows("SELECT body FROM fiche_sections ORDER BY fiche_id, rank LIMIT 3000")
    words = Counter(word for (body,) in rows for word in re.findall(r"\w+|[^\w\s]", text.clean(body)))
    found: Counter[str] = Counter()
    for word, count in words.items():
        for size in range(1, min(len(word), 5) + 1):
            found["▁" + word[:size]] += count
        rest = word[5:]
        for start in range(len(word)):
            found[word[start]] += count
        for size in (2, 3):
            for start in range(len(rest) - size + 1):
                found[rest[start : start + size]] += count
    letters = {piece for piece in found if len(piece) == 1} | {"▁"}
    ranked = [piece for piece, _ in found.most_common() if piece not in letters]
    return [*sorted(letters), *ranked]


def shape(path: Path, layers: int, opened: Warehouse) -> None:
    """Write a model of `layers` layers of a 7B model, straight in 4-bit blocks."""
    chance = np.random.default_rng(0)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(32_768)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEYS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(VOCABULARY)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_0)
    kinds = gguf.TokenType
    texts = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "<|im_start|>", "<|im_end|>"]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256, kinds.CONTROL, kinds.CONTROL]
    own = pieces(opened)[: VOCABULARY - len(texts)]
    own += [f"▁unused{number}" for number in range(VOCABULARY - len(texts) - len(own))]
    scores = [0.0] * len(texts) + [-float(rank) for rank in range(len(own))]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token.encode() for token in [*texts, *own]])
    writer.add_token_scores(scores)
    writer.add_token_types([int(kind) for kind in [*types, *[kinds.NORMAL] * len(own)]])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(len(texts) - 1)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHATML)
    norms, matrices = ["output_norm.weight"], [("token_embd.weight", VOCABULARY, WIDTH)]
    matrices.append(("output.weight", VOCABULARY, WIDTH))
    for layer in range(layers):
        name = f"blk.{layer}."
        norms += [f"{name}attn_norm.weight", f"{name}ffn_norm.weight"]
        small = WIDTH * KEYS // HEADS
        matrices += [(f"{name}attn_q.weight", WIDTH, WIDTH), (f"{name}attn_k.weight", small, WIDTH)]
        matrices += [(f"{name}attn_v.weight", small, WIDTH), (f"{name}attn_output.weight", WIDTH, WIDTH)]
        matrices += [(f"{name}ffn_gate.weight", INNER, WIDTH), (f"{name}ffn_up.weight", INNER, WIDTH)]
        matrices.append((f"{name}ffn_down.weight", WIDTH, INNER))
    for name in norms:
        writer.add_tensor_info(name, (WIDTH,), np.dtype(np.float32), WIDTH * 4)
    for name, rows, columns in matrices:
        packed = columns // 32 * 18
        writer.add_tensor_info(name, (rows, packed), np.dtype(np.uint8), rows * packed, raw_dtype=BLOCK)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for _ in norms:
        writer.write_tensor_data(np.ones(WIDTH, np.float32))
    for _, rows, columns in matrices:
        blocks = np.empty((rows * columns // 32, 18), np.uint8)
        blocks[:, 2:] = chance.integers(0, 256, size=(len(blocks), 16), dtype=np.uint8)
        blocks[:, :2] = np.full(len(blocks), 0.0043, np.float16).view(np.uint8).reshape(-1, 2)
        writer.write_tensor_data(blocks.reshape(rows, columns // 32 * 18))
    writer.close()


def alike(drafter: Drafter) -> tuple[list[Asked], list[Asked]]:
    """Reviews that wait, of ordinary length: those of the institution that has most of them, then those of others of its
    kind."""
    waiting = drafter.waiting(days=365, most=2_000)
    declared = {id_: both for id_, both in drafter.kinds(waiting).items() if all(both)}
    asked = {id_: drafter.asked(id_) for id_ in declared}
    calm = {id_: one for id_, one in asked.items() if 300 <= len(one.text) <= 600 and one.structure_id}
    several = Counter(kind for kind, _ in {declared[id_] for id_ in calm})  # institutions of each kind
    kinds = {kind for kind, institutions in several.items() if institutions > 1}
    best, _ = Counter(declared[id_] for id_ in calm if declared[id_][0] in kinds).most_common(1)[0]
    own = [one for id_, one in calm.items() if declared[id_] == best]
    return own, [one for id_, one in calm.items() if declared[id_][0] == best[0] and declared[id_] != best]


@dataclass
class Kept:
    """A model that keeps the prompt it was asked, writes `most` tokens and no more."""

    model: Llama
    most: int
    prompt: Prompt | None = None  # the last one asked

    def asked(self) -> Prompt:
        """The last prompt."""
        assert self.prompt is not None
        return self.prompt

    def __getattr__(self, name: str) -> object:
        return getattr(self.model, name)

    def stream(self, prompt: Prompt, run: Run) -> object:
        """The model's own, over fewer tokens."""
        self.prompt = Prompt(**{**vars(prompt), "max_tokens": self.most})
        return self.model.stream(self.prompt, run)


def forget(model: Llama, keep: int = 0) -> None:
    """Drop what the model computed, but its first `keep` tokens."""

    def work() -> None:
        llm = model._llm
        llm._ctx.kv_cache_seq_rm(-1, keep, -1)
        llm.n_tokens = keep

    model._owner.submit(work).result()


def stable(model: Llama, prompt: Prompt) -> int:
    """Tokens of the prompt that reviews of one institution share."""

    def work() -> int:
        return len(model._shared(prompt, model._tokens(model._render(prompt.messages), True))[-1])

    return model._owner.submit(work).result()


def reused(model: Llama, prompt: Prompt, held: list[int]) -> int:
    """Tokens of the prompt that a model which held `held` did not have to read: fewer for another institution."""

    def work() -> int:
        return int(model._llm.longest_token_prefix(model._tokens(model._render(prompt.messages), True), held))

    return model._owner.submit(work).result()


def bare(model: Llama, prompt: Prompt, seed: int) -> float:
    """CPU seconds of a plain llama_cpp call with the same tokens, grammar, seed and length."""
    tokens = model._owner.submit(lambda: model._tokens(model._render(prompt.messages), True)).result()

    def work() -> float:
        began = time.process_time()
        from llama_cpp import LlamaGrammar

        stream = model._llm.create_completion(
            tokens, max_tokens=prompt.max_tokens, temperature=prompt.temperature, seed=seed, stream=True,
            grammar=LlamaGrammar.from_string(grammar(prompt.sources), verbose=False),
        )  # fmt: skip
        for _ in stream:
            pass
        return time.process_time() - began

    return model._owner.submit(work).result()


def overhead(path: Path, opened: Warehouse, layers: int, pairs: int) -> bool:
    """Print the first table; whether it holds."""
    model = Llama(path, threads=1, context=4096)
    kept = Kept(model, REPLY)
    drafter = Drafter(opened, kept)  # type: ignore[arg-type]
    asked = [*alike(drafter)[0], *alike(drafter)[1]][: pairs + 1]
    drafter.draft(asked[0])
    shared = stable(model, kept.asked())
    rows = []
    for number, one in enumerate(asked[1:], 1):
        forget(model, shared)
        held = model._llm._input_ids.tolist()
        began, own = time.process_time(), time.thread_time()
        draft = drafter.draft(one, seed=number)
        product, own = time.process_time() - began, time.thread_time() - own
        warm = reused(model, kept.asked(), held)
        forget(model, warm)
        direct = bare(model, kept.asked(), number)
        rows.append((draft.tokens["prompt"] - warm, draft.tokens["reply"], direct, product, own))
        print(
            f"  review {number}: {rows[-1][0]} tokens read, {rows[-1][1]} written; bare {direct:.2f} s, "
            f"product {product:.2f} s, {own:.2f} s of it outside the model's thread", flush=True,
        )  # fmt: skip
    model.close()
    direct, product, own = (sum(row[place] for row in rows) for place in (2, 3, 4))
    extra = product / direct - 1
    print(
        f"\noverhead ({layers} layers, 1 thread, CPU seconds): bare llama_cpp {direct:.2f} s, product {product:.2f} s: "
        f"{extra:+.1%} (wanted: {TARGET_OVERHEAD:.0%} at most); what the product does outside the model's thread takes "
        f"{own:.2f} s, {own / direct:.1%}\n"
    )
    return extra <= TARGET_OVERHEAD


def prefix(path: Path, opened: Warehouse, layers: int, threads: int, states: Path) -> bool:
    """Print the second table; whether it holds."""
    rows = []
    model = Llama(path, threads=threads, context=4096, states=states)
    kept = Kept(model, 2)
    drafter = Drafter(opened, kept)  # type: ignore[arg-type]
    own, others = alike(drafter)
    drafter._briefing(own[0], None)  # found once for each kind: not what is measured
    for label, one in (("cold", own[0]), ("same institution", own[1]), ("another of its kind", others[0])):
        rows.append((label, *first(drafter, one), stable(model, kept.asked())))
        print(f"  {label}: {rows[-1][1]} tokens, {rows[-1][4]} of them shared; first word after {rows[-1][2]:.1f} s "
              f"({rows[-1][3]:.1f} s CPU): {rows[0][2] / rows[-1][2]:.1f} ({rows[0][3] / rows[-1][3]:.1f}) times sooner",
              flush=True)  # fmt: skip
    model.close()
    model = Llama(path, threads=threads, context=4096, states=states)
    kept = Kept(model, 2)
    drafter = Drafter(opened, kept)  # type: ignore[arg-type]
    drafter._briefing(own[0], None)
    rows.append(("same, new process, state on disk", *first(drafter, own[2]), stable(model, kept.asked())))
    model.close()
    sizes = [file.stat().st_size / 1e6 for file in states.rglob("*.state")]
    cold = rows[0][2:4]
    print(f"\ntime to the first token ({layers} layers of a 7B shape, {threads} threads; {len(sizes)} states of at most "
          f"{max(sizes):.0f} MB)")  # fmt: skip
    print(f"{'':34}{'prompt':>8}{'shared':>8}{'wall s':>9}{'CPU s':>9}{'sooner (wall)':>15}{'sooner (CPU)':>14}")
    for label, tokens, wall, cpu, shared in rows:
        print(f"{label:34}{tokens:8}{shared:8}{wall:9.1f}{cpu:9.1f}{cold[0] / wall:15.1f}{cold[1] / cpu:14.1f}")
    worst = min(cold[1] / row[3] for row in (rows[1], rows[3]))
    print(f"wanted for a second review of the institution: {TARGET_PREFIX:.0f} times sooner at least; here {worst:.1f} in CPU "
          "seconds\n")  # fmt: skip
    return worst >= TARGET_PREFIX


def first(drafter: Drafter, asked: Asked) -> tuple[int, float, float]:
    """Tokens of the prompt, and seconds to the first piece of the reply: on the clock, and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    stream = drafter.stream(asked)
    next(stream)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    *_, draft = stream
    assert isinstance(draft, Draft)
    return draft.tokens["prompt"], wall, cpu


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drafting", description=__doc__)
    parser.add_argument("--home", type=Path, help="a refreshed home (default: VIGIE_HOME)")
    parser.add_argument("--layers", type=int, default=32, help="of the prefix table (32 = a whole 7B)")
    parser.add_argument("--overhead-layers", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument(
        "--shape", type=Path, help="keep the model of the prefix table in this file, or take it from there"
    )
    parser.add_argument("--only", choices=["overhead", "prefix"], help="one table instead of both")
    args = parser.parse_args(argv)
    opened = warehouse.open_current(settings.load(args.home).home)
    held = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shape.gguf"
        if args.only != "prefix":
            shape(path, args.overhead_layers, opened)
            held &= overhead(path, opened, args.overhead_layers, args.pairs)
        if args.only != "overhead":
            whole = args.shape or path
            if args.shape is None or not whole.exists():
                shape(whole, args.layers, opened)
            held &= prefix(whole, opened, args.layers, args.threads, Path(folder) / "states")
    opened.close()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
