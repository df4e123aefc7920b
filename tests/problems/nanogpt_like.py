"""A trainer with nanoGPT's way of taking settings and of printing losses: a bigram in numpy."""

import sys

import numpy as np


def settings():
    found = {"learning_rate": 1.0, "max_iters": 50, "eval_interval": 25}
    for argument in sys.argv[1:]:
        name, _, value = argument.removeprefix("--").partition("=")
        if name not in found:
            raise SystemExit(f"Unknown config key: {name}")
        found[name] = type(found[name])(float(value))
    return found


def loss_and_gradient(table, pairs):
    logits = table[pairs[:, 0]]
    with np.errstate(all="ignore"):
        share = np.exp(logits - logits.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        chosen = share[np.arange(len(pairs)), pairs[:, 1]]
        gradient = share.copy()
        gradient[np.arange(len(pairs)), pairs[:, 1]] -= 1
        return -np.log(chosen).mean(), gradient / len(pairs)


def main():
    asked = settings()
    rng = np.random.default_rng(0)
    text = np.cumsum(rng.choice([1, 1, 1, 2, 3], 4000)) % 16
    pairs = np.stack([text[:-1], text[1:]], axis=1)
    train, validation = pairs[:3000], pairs[3000:]
    table = np.zeros((16, 16))
    for step in range(asked["max_iters"] + 1):
        loss, gradient = loss_and_gradient(table, train)
        if step % asked["eval_interval"] == 0:
            held_out, _ = loss_and_gradient(table, validation)
            said = f"step {step}: train loss {loss:.4f}, val loss {held_out:.4f}\n"
            sys.stdout.write(said)
        np.add.at(table, train[:, 0], -asked["learning_rate"] * gradient)


main()
