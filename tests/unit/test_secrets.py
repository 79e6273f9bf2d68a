"""Secrets are masked before anything is kept, and what only looks like one is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runfolio.model.params import Json
from runfolio.model.secrets import MASK, mask_json, mask_text, mask_value, names_secret
from runfolio.readers.contract import Budget
from runfolio.readers.folder import Folder
from runfolio.readers.parse import parse
from runfolio.readers.registry import claims

AWS = "AKIA" + "Q7RTPLMNBV3XZ5WK"
GITHUB = "ghp_" + "a1B2c3D4" * 4 + "e5F6"
HUGGING_FACE = "hf_" + "kLmNoPqRsT" * 3 + "uvwx"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (AWS, MASK),
        (f"key is {GITHUB}, keep it", f"key is {MASK}, keep it"),
        (HUGGING_FACE, MASK),
        ("sk-ant-" + "abcDEF123_" * 4, MASK),
        (f"https://user:{GITHUB}@git.example/r.git", f"https://user:{MASK}@git.example/r.git"),
        ("postgresql://lab:p4ss@db:5432/runs", f"postgresql://lab:{MASK}@db:5432/runs"),
        (f"https://{'t0k3n' * 8}@git.example/r.git", f"https://{MASK}@git.example/r.git"),
        ("train.py --token=0123456789abcdef --lr 0.1", f"train.py --token={MASK} --lr 0.1"),
        ("train.py --db-password hunter22 --lr 0.1", f"train.py --db-password {MASK} --lr 0.1"),
        ("+db.password=hunter22", f"+db.password={MASK}"),
        ("WANDB_API_KEY=0123456789abcdef0123 python t.py", f"WANDB_API_KEY={MASK} python t.py"),
        ("Authorization: Bearer abcdefghijklmnop1234", f"Authorization: Bearer {MASK}"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----", MASK),
    ],
)
def test_a_secret_in_a_text_is_masked_and_the_rest_stays(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "84a516841ba77a5b4648de2cd0dfcb30ea46dbb4",
        "8277e0910d750195b448797616e091ad",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "bert-base-uncased",
        "train.py --tokenizer=bert-base --max_tokens=512 --pad-token=<pad>",
        "--token=${oc.env:HF_TOKEN}",
        "https://github.com/lab/sensors.git",
        "git@github.com:lab/sensors.git",
        "s3://bucket/data:v2@latest",
        "mira@lab.example",
        "loss: 0.25, key: value",
        "skip-connections-and-other-long-words",
        "",
    ],
)
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    assert mask_text(text) is text


@pytest.mark.parametrize(
    "key",
    ["password", "db_password", "wandb_api_key", "aws_access_key_id", "HF_TOKEN", "token", "env/GITHUB_TOKEN",
     "auth.token", "clientSecret", "apiKey", "credentials", "optim.secret", "storage connection_string"],
)  # fmt: skip
def test_keys_that_name_a_secret(key: str) -> None:
    assert names_secret(key)


@pytest.mark.parametrize(
    "key",
    ["tokenizer", "max_tokens", "num_memory_tokens", "use_cls_token", "pad_token", "eos_token", "key_size", "keys",
     "git_commit", "data_md5", "public_key_name_of_column", "secretary", "tokens_per_second", "monkey", "passes"],
)  # fmt: skip
def test_keys_that_do_not(key: str) -> None:
    assert not names_secret(key)


@pytest.mark.parametrize("text", ["None", "", "true", "0.5", "***", "${oc.env:PASSWORD}", "<your token>", "512"])
def test_a_placeholder_under_such_a_key_is_shown(text: str) -> None:
    assert mask_value("password", text) == text


def test_the_whole_value_under_such_a_key_is_masked_whatever_its_shape() -> None:
    assert mask_value("db_password", "correct horse battery") == MASK


def test_lists_and_mappings_are_looked_through() -> None:
    value: Json = {"args": ["--token", "hunter2222", "--lr", "0.1"], "env": {"API_KEY": "abcd1234", "N": 3}}
    assert mask_json("", value) == {
        "args": ["--token", MASK, "--lr", "0.1"],
        "env": {"API_KEY": MASK, "N": 3},
    }
    kept: Json = {"args": ["--lr", "0.1"], "sizes": [64, 32]}
    assert mask_json("", kept) is kept


def test_no_reader_lets_a_secret_through_and_the_user_is_told(tmp_path: Path) -> None:
    params = {"lr": 0.1, "db": {"password": "hunter2222"}, "cmd": f"t.py --token={GITHUB}", "git_commit": "ab" * 20}
    (tmp_path / "params.json").write_text(json.dumps(params))
    (tmp_path / "metrics.csv").write_text("step,loss\n0,1\n1,0.5\n")
    folder = Folder(tmp_path)
    (claim,) = claims(folder)
    (recording,) = parse(tmp_path, claim, Budget()).recordings
    assert {p.key: p.value for p in recording.params} == {
        "lr": 0.1,
        "db.password": MASK,
        "cmd": f"t.py --token={MASK}",
        "git_commit": "ab" * 20,
    }
    assert "hunter2222" not in repr(recording)
    assert GITHUB not in repr(recording)
    (said,) = (p for p in recording.problems if p.code == "secret-masked")
    assert "db.password, cmd" in said.message
