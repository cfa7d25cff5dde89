"""Throw-away: layers' series until `aseptic.watch` is there."""

from __future__ import annotations

import torch
from torch import nn

MOST = 120


class Recorder:
    def __init__(self, run, steps):
        self.run, self.steps = run, steps

    def watch(self, net, optimizer):
        if not isinstance(net, nn.Module):
            return
        every = max(1, self.steps // MOST)
        count = 0
        acts = {}
        layers = {
            n: m
            for n, m in net.named_modules()
            if getattr(m, "weight", None) is not None
            or isinstance(m, (nn.RNNBase, nn.MultiheadAttention))
        }
        layers = {
            n: m for n, m in layers.items() if any(p.ndim > 1 for p in m.parameters(recurse=False))
        }
        names = list(layers)
        previous = [None]
        for n, m in net.named_modules():
            if isinstance(m, (nn.ReLU, nn.GELU, nn.Tanh, nn.Sigmoid)):

                def hook(m, i, o, n=n):
                    if m.training and count % every == 0:
                        with torch.no_grad():
                            flat = o.transpose(0, 1).reshape(o.shape[1], -1) if o.ndim > 1 else o
                            if isinstance(m, nn.ReLU):
                                acts[f"layer/{n}/dead_share"] = float(
                                    (flat <= 0).all(dim=1).float().mean()
                                )
                            elif not isinstance(m, nn.GELU):
                                limit = 0.999 if isinstance(m, nn.Tanh) else None
                                sat = o.abs() > limit if limit else (o - 0.5).abs() > 0.4997
                                acts[f"layer/{n}/saturated_share"] = float(sat.float().mean())

                m.register_forward_hook(hook)

        def before(opt, args, kwargs):
            grads = [p.grad for p in net.parameters() if p.grad is not None]
            total = float(torch.sqrt(sum((g * g).sum() for g in grads))) if grads else 0.0
            self.run.log({"grad_norm": total, "lr": opt.param_groups[0]["lr"]}, step=count)
            if count % every == 0:
                values = dict(acts)
                acts.clear()
                for n in names:
                    ps = [p for p in layers[n].parameters(recurse=False) if p.ndim > 1]
                    g = [p.grad for p in ps if p.grad is not None]
                    values[f"layer/{n}/grad_norm"] = (
                        float(torch.sqrt(sum((x * x).sum() for x in g))) if g else 0.0
                    )
                    values[f"layer/{n}/weight_norm"] = float(
                        torch.sqrt(sum((x.detach() ** 2).sum() for x in ps))
                    )
                self.run.log(values, step=count)
                previous[0] = {
                    n: [
                        p.detach().clone()
                        for p in layers[n].parameters(recurse=False)
                        if p.ndim > 1
                    ]
                    for n in names
                }

        def after(opt, args, kwargs):
            nonlocal count
            if previous[0] is not None:
                values = {}
                for n in names:
                    ps = [p for p in layers[n].parameters(recurse=False) if p.ndim > 1]
                    d = float(
                        torch.sqrt(
                            sum(((a.detach() - b) ** 2).sum() for a, b in zip(ps, previous[0][n]))
                        )
                    )
                    w = float(torch.sqrt(sum((b**2).sum() for b in previous[0][n])))
                    values[f"layer/{n}/update_ratio"] = d / (w + 1e-12)
                self.run.log(values, step=count)
                previous[0] = None
            count += 1

        optimizer.register_step_pre_hook(before)
        optimizer.register_step_post_hook(after)
