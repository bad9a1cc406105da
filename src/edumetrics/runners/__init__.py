"""Packed answers, the engine-free step ``stats(shard, model) -> Statistics``, and the engines that run it."""
