"""What reaches labels, terminals and exports; pictures; numbers and times; secrets."""

from __future__ import annotations

import hashlib
import json
import random
import zlib
from collections.abc import Callable, Sequence

from hostile.formats import (
    T0,
    png,
)
from hostile.scene import LR, OK, PARTIAL, Check, Masked, Scene, case, many_params, param, points, shown

# ---- text: what reaches labels, terminals and exports --------------------------


TEXTS: dict[str, str] = {}
"""The texts that need no file beside them, by case."""


def text(name: str, about: str, value: str | Callable[[Scene], str]) -> None:
    """A run with a text as name, note, key of a param, name of a metric and a file."""
    if isinstance(value, str):
        TEXTS[name] = value

    def fill(c: Scene) -> None:
        told = value(c) if callable(value) else value
        params = {"lr": 0.1, "name": told, "note": told, told[:5000]: "as key"}
        c.plain(params=json.dumps(params), metrics=csv_row(["step", "loss", told[:5000]]) + "0,1.0,1\n1,0.5,2\n")
        c.put("run/notes.md", told)

    case(name, OK, about, checks=[LR])(fill)


def csv_row(cells: Sequence[str]) -> str:
    """A row with every cell in quotes."""
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def piped(c: Scene) -> str:
    """Markup that names a pipe, which is made."""
    c.fifo("pipe.png")
    return f'<img src="{c.path("pipe.png")}">'


text(
    "text-html-local-image",
    "markup that makes a rich-text label load a local file",
    lambda c: f'<img src="{c.outside}/canary.png"><b>x</b>',
)
text("text-html-fifo-image", "an image tag on a named pipe: a rich-text label blocks the window for ever", piped)
text("text-html-dev-zero", "an image tag on /dev/zero: endless memory", '<img src="/dev/zero">')
text(
    "text-html-remote",
    "links, remote image, script, style",
    '<a href="file:///etc/passwd">run 1</a><img src="http://127.0.0.1:9/b.png"><script>x</script><style>*{font-size:900px}</style>',
)
text("text-html-tables", "200 tables inside each other", "<table><tr><td>" * 200)
text(
    "text-ansi",
    "terminal escapes: clear screen, title, OSC 52 clipboard, OSC 8 link",
    "\x1b[2J\x1b]0;title\x07\x1b]52;c;cm0=\x07\x1b]8;;http://127.0.0.1/\x07run\x1b]8;;\x07\r\x08\x9b31m",
)
text("text-bidi", "U+202E and isolates make 'gpj.exe' of exe.jpg", "best\u202egpj.exe\u2066x\u2069\u200b\u200d")
text("text-zalgo", "10,000 combining marks", "Z" + "\u0301\u0489" * 5000)
text(
    "text-huge-value",
    "a value of 2 MB: stored, but cut where shown",
    "word " * 400_000,
)
text(
    "text-format-strings",
    "%s %n {0.__class__} ${x} $(x) `x` &amp; &x",
    "%s%n{0.__class__.__mro__}${HOME}$(id)`id`&amp;&x %(a)s",
)
text(
    "text-formula",
    "=, +, -, @, tab and CR at the start of cells: spreadsheet export must neutralise",
    '=HYPERLINK("http://127.0.0.1/"&A1,"x")',
)
text("text-formula-dde", "DDE form", "+cmd|' /C calc'!A0")
text(
    "text-latex",
    "LaTeX export: \\input, \\write18 and active signs",
    "\\input{/etc/passwd}\\immediate\\write18{id} _%&#$^~{}",
)
text(
    "text-markdown",
    "Markdown image beacon, raw HTML, javascript link, table break",
    "![x](http://127.0.0.1:9/b.png) [y](javascript:alert(1)) | a | b |\n<iframe src=x>",
)
text("text-sql-quote", "quotes, comment and union in names", "x'; DROP TABLE runs; --")
text(
    "text-sql-ident",
    "double quotes and a file-reading call",
    "\" || (SELECT content FROM read_text('/etc/passwd')) || \"",
)


@case("text-confusable-runs", OK, "two runs whose names look the same (Latin and Cyrillic a)", runs=2)
def text_confusable_runs(c: Scene) -> None:
    c.plain(root="model-a")
    c.plain(root="model-\u0430", params='{"lr": 0.9}')


@case(
    "text-reserved-names",
    OK,
    "metrics named step, _timestamp, select, __class__, 'a.b', 'a/b', rowid, blank",
    accept=[PARTIAL],
)
def text_reserved_names(c: Scene) -> None:
    c.plain(
        params=json.dumps(
            dict.fromkeys(("select", "__class__", "a.b", "a/b", "rowid", " ", "", "run_id", "id", "NULL", "lr"), 1)
        ),
        metrics="step,_timestamp,select,__class__,a.b,rowid, ,loss\n" + "0,1,1,1,1,1,1,1\n1,2,2,2,2,2,2,2\n",
    )


@case(
    "text-5000-params",
    OK,
    "5,000 parameter names in one run (50,000 with --full)",
    checks=[many_params(5000)],
)
def text_5000_params(c: Scene) -> None:
    c.plain(params=json.dumps({f"p{i:05d}": i for i in range(5000)}))


# ---- img -----------------------------------------------------------------------


@case("img-png-bomb", OK, "100,000 x 100,000 grey PNG of a few KB: 10 GB when decoded", checks=[LR])
def img_png_bomb(c: Scene) -> None:
    o = zlib.compressobj(9)
    body = o.compress(b"\0" * 2_000_000) + o.flush()
    c.put(c.mlflow() + "/artifacts/plot.png", png(100000, 100000, body))


@case("img-svg-entities", OK, "SVG with entity bomb, external entity, script and local image", checks=[LR])
def img_svg_entities(c: Scene) -> None:
    ents = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        '<!ENTITY {} "{}">'.format(chr(98 + i), (f"&{chr(97 + i)};") * 10) for i in range(9)
    )
    c.put(
        c.mlflow() + "/artifacts/plot.svg",
        f'<!DOCTYPE svg [{ents}<!ENTITY x SYSTEM "file://{c.outside}/secret.txt">]>'
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><script>1</script>'
        f'<image xlink:href="{c.outside}/canary.png" width="9" height="9"/><text>&j;&x;</text></svg>',
    )


@case("img-broken", OK, "cut PNG, text named .jpg, 0-byte .gif", checks=[LR])
def img_broken(c: Scene) -> None:
    b = c.mlflow() + "/artifacts/"
    c.put(b + "a.png", png(50, 50)[:60])
    c.put(b + "b.jpg", "not an image")
    c.put(b + "c.gif", b"")


# ---- num: numbers, time, identity ----------------------------------------------


@case(
    "num-time-extremes", PARTIAL, "start_time 10^18 ms, end_time -1: no crash in any calendar", accept=[OK], checks=[LR]
)
def num_time_extremes(c: Scene) -> None:
    c.mlflow(start_time=10**18, end_time=-1)


@case(
    "num-end-before-start",
    OK,
    "clock skew: end is an hour before start; no negative duration shown as fact",
    accept=[PARTIAL],
    checks=[LR],
)
def num_end_before_start(c: Scene) -> None:
    c.mlflow(end_time=(T0 - 3600) * 1000)


@case(
    "num-metric-file-garbage",
    PARTIAL,
    "MLflow metric file: 3 good lines among bad ones (two more are good in older or newer MLflow)",
    checks=[points("loss", 3, 5)],
)
def num_metric_file_garbage(c: Scene) -> None:
    b = c.mlflow(metrics={})
    at = T0 * 1000
    lines = f"{at} 1.0 0\ngarbage\n{at} nope 1\n\n{at} 0.5 1\n1 2 3 4 5\n{at} 0.25 2\n{at} 0."
    c.put(b + "/metrics/loss", lines)


@case("num-step-overflow", PARTIAL, "step 2^63, -2^63-1 and 1e30", accept=[OK], checks=[points("loss", 2, 5)])
def num_step_overflow(c: Scene) -> None:
    c.plain(metrics="step,loss\n0,1\n9223372036854775808,1\n-9223372036854775809,1\n1e30,1\n1,0.5\n")


@case(
    "num-dup-run-same",
    OK,
    "the same run copied twice: one run with two places, or two marked as copies",
    runs=(1, 2),
    checks=[LR],
)
def num_dup_run_same(c: Scene) -> None:
    c.mlflow(root="copy1/mlruns")
    c.mlflow(root="copy2/mlruns")


@case(
    "num-dup-run-conflict",
    PARTIAL,
    "one run id, two contents: keep both, warn, mix nothing",
    runs=2,
    checks=[LR, param("lr", "0.9")],
)
def num_dup_run_conflict(c: Scene) -> None:
    c.mlflow(root="copy1/mlruns")
    c.mlflow(root="copy2/mlruns", params={"lr": "0.9"}, metrics={"loss": [9.0]})


@case(
    "num-meta-nonsense",
    PARTIAL,
    "meta.yaml: status 99, lifecycle_stage deleted?, lists where text belongs",
    accept=[OK],
    checks=[LR],
)
def num_meta_nonsense(c: Scene) -> None:
    c.mlflow(status=99, lifecycle_stage="'??'", run_name="[1, {a: b}]", start_time="'yesterday'")


# ---- secret: found and masked --------------------------------------------------


def fake(prefix: str, n: int, rng: random.Random) -> str:
    """Letters that look like a secret."""
    return prefix + "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789") for _ in range(n))


@case("secret-params", OK, "keys in config and command line: shown masked, never in index, log or export", checks=[LR])
def secret_params(c: Scene) -> list[Check]:
    ak, gh, wb = fake("AKI" + "A", 16, c.rng).upper(), fake("gh" + "p_", 36, c.rng), hashlib.sha1(b"fake").hexdigest()
    pw = fake("", 14, c.rng)
    c.wandb(
        config=f"lr:\n  value: 0.1\naws_access_key_id:\n  value: {ak}\n"
        f"wandb_api_key:\n  value: {wb}\ndb_password:\n  value: {pw}\n",
        meta=json.dumps(
            {
                "program": "train.py",
                "args": ["--token=" + gh, "--lr", "0.1"],
                "git": {"remote": f"https://user:{gh}@git.invalid/r.git"},
            }
        ),
    )
    return [Masked(ak), Masked(gh), Masked(wb), Masked(pw)]


@case(
    "secret-files",
    OK,
    ".env, a private key and a netrc among the artifacts: contents never indexed",
    accept=[PARTIAL],
    checks=[LR],
)
def secret_files(c: Scene) -> list[Check]:
    b, s = c.mlflow() + "/artifacts/", [fake("", 32, c.rng) for _ in range(3)]
    c.put(b + ".env", f"OPENAI_API_KEY={s[0]}\n")
    c.put(b + ".netrc", f"machine x login y password {s[1]}\n")
    c.put(b + "id_rsa", "-----BEGIN OPENSSH " + f"PRIVATE KEY-----\n{s[2]}\n-----END OPENSSH " + "PRIVATE KEY-----\n")
    return [Masked(x) for x in s]


@case(
    "secret-lookalikes",
    OK,
    "commit hash, data digest, uuid, run id and 'tokenizer' are no secrets: must not be masked",
    checks=[LR],
)
def secret_lookalikes(c: Scene) -> list[Check]:
    v = {
        "git_commit": hashlib.sha1(b"c").hexdigest(),
        "data_md5": hashlib.md5(b"d").hexdigest(),
        "uuid": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "tokenizer": "bert-base-uncased",
        "max_tokens": "512",
        "key_size": "64",
        "use_cls_token": "True",
        "num_memory_tokens": "16",
    }
    c.plain(params=json.dumps({"lr": 0.1, **v}))
    return [shown(x) for x in v.values()]
