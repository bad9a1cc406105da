"""Owns the two innermost loops of every latent model, written out for vector registers.

They multiply the rows of a person's bytes into a posterior and add a posterior to those rows.
As plain loops they lose half their time: the compiler must suspect that rows overlap. Here eight
nodes at a time are one vector value, which any processor's registers are filled with, and two vectors
go through the rows together: finding a row costs as much as multiplying one vector by it.

Here is also where the rows lie. A vector is a cache line (64 bytes) wide; one that begins inside a line
is fetched as two. And long rows whose length is a power of two would all compete for the same few places
of the cache: 2,048 classes took twice the time of 2,013.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, register_jitable

LANES = 8  # nodes are padded to a multiple of this
TOGETHER = 2  # vectors; four gained nothing more
LONG = 32  # vectors of a row from which one more costs nothing
_INDEX = ir.IntType(64)
_DOUBLE = ir.DoubleType()
_PLACE = ir.IntType(32)
_VECTOR = ir.VectorType(_DOUBLE, LANES)


def padded(n_nodes: int) -> int:
    """Length of a row that holds so many nodes in whole vectors."""
    return -(-n_nodes // LANES) * LANES


@register_jitable  # called from Python too, where there is nothing to compile
def row_width(n_nodes):  # type: ignore[no-untyped-def]
    """Length of a row of a table of so many nodes: whole vectors, an odd number of them in long rows."""
    vectors = -(-n_nodes // LANES)
    if vectors >= LONG and vectors % 2 == 0:
        vectors += 1
    return vectors * LANES


@register_jitable
def new_rows(rows, width):  # type: ignore[no-untyped-def]
    """Table (rows, width) that begins where a cache line does; its cells hold anything."""
    room = np.empty(rows * width + LANES)
    begun = (room.ctypes.data // room.itemsize) % LANES
    begin = (LANES - begun) % LANES
    return room[begin : begin + rows * width].reshape((rows, width))


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, array).data


def _length(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    shape = context.make_array(kind)(context, builder, array).shape
    return cgutils.unpack_tuple(builder, shape)[0]


def _vector_at(builder: Any, data: Any, index: Any) -> Any:
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


def _sum(builder: Any, lanes: Any) -> Any:
    """Sum of the lanes, halves upon halves."""
    width = LANES
    while width > 1:
        width //= 2
        low, high = (
            ir.Constant(ir.VectorType(_PLACE, width), list(range(at, at + width))) for at in (0, width)
        )
        lanes = builder.fadd(
            builder.shuffle_vector(lanes, lanes, low), builder.shuffle_vector(lanes, lanes, high)
        )
    return builder.extract_element(lanes, ir.Constant(_PLACE, 0))


def _spread(builder: Any, value: Any) -> Any:
    """A vector of one value."""
    single = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.Constant(_PLACE, 0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(_PLACE, LANES), None))


def _blocks(builder: Any, vectors: Any, body: Callable[[list[Any]], None]) -> None:
    """Run ``body`` on the places of `TOGETHER` vectors at a time, then on those of each that is left."""
    one, lanes = ir.Constant(_INDEX, 1), ir.Constant(_INDEX, LANES)
    many = ir.Constant(_INDEX, TOGETHER)
    blocks = builder.sdiv(vectors, many)
    with cgutils.for_range(builder, blocks) as block:
        first = builder.mul(builder.mul(block.index, many), lanes)
        body([builder.add(first, ir.Constant(_INDEX, v * LANES)) for v in range(TOGETHER)])
    with cgutils.for_range_slice(builder, builder.mul(blocks, many), vectors, one) as (vector, _):
        body([builder.mul(vector, lanes)])


@intrinsic
def multiply_rows(typingctx, table, starts, out, vectors):  # type: ignore[no-untyped-def]
    """Write Π table[start : start + width] into ``out`` and return its sum.

    ``table`` is flat, ``starts`` are the places of a person's rows in it, ``vectors`` is width / LANES.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        cells, rows, result = (
            _data(context, builder, k, a) for k, a in zip(kinds[:3], args[:3], strict=True)
        )
        n_rows = _length(context, builder, kinds[1], args[1])
        products = [cgutils.alloca_once(builder, _VECTOR) for _ in range(TOGETHER)]
        total = cgutils.alloca_once(builder, _VECTOR)
        builder.store(ir.Constant(_VECTOR, [0.0] * LANES), total)
        one = ir.Constant(_INDEX, 1)

        def block(offsets: list[Any]) -> None:
            row = builder.load(rows)
            for offset, product in zip(offsets, products, strict=False):
                at = _vector_at(builder, cells, builder.add(row, offset))
                builder.store(builder.load(at, align=8), product)
            with cgutils.for_range_slice(builder, one, n_rows, one) as (index, _):
                row = builder.load(builder.gep(rows, [index]))
                for offset, product in zip(offsets, products, strict=False):
                    at = _vector_at(builder, cells, builder.add(row, offset))
                    builder.store(builder.fmul(builder.load(product), builder.load(at, align=8)), product)
            for offset, product in zip(offsets, products, strict=False):
                value = builder.load(product)
                builder.store(value, _vector_at(builder, result, offset), align=8)
                builder.store(builder.fadd(builder.load(total), value), total)

        _blocks(builder, args[3], block)
        return _sum(builder, builder.load(total))

    return types.float64(table, starts, out, vectors), code


@intrinsic
def add_to_rows(typingctx, table, starts, values, scale, vectors, least):  # type: ignore[no-untyped-def]
    """Add ``values`` × ``scale`` to the rows of ``table`` at ``starts``.

    Neighbouring vectors that are wholly below ``least`` are left out.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        cells, rows, summand = (
            _data(context, builder, k, a) for k, a in zip(kinds[:3], args[:3], strict=True)
        )
        n_rows = _length(context, builder, kinds[1], args[1])
        factor, limit = _spread(builder, args[3]), _spread(builder, args[5])

        def block(offsets: list[Any]) -> None:
            parts = [builder.load(_vector_at(builder, summand, offset), align=8) for offset in offsets]
            parts = [builder.fmul(value, factor) for value in parts]
            flags = [builder.fcmp_ordered(">", value, limit) for value in parts]
            above = builder.bitcast(reduce(builder.or_, flags), ir.IntType(LANES))
            with (
                builder.if_then(builder.icmp_unsigned("!=", above, ir.Constant(ir.IntType(LANES), 0))),
                cgutils.for_range(builder, n_rows) as index,
            ):
                row = builder.load(builder.gep(rows, [index.index]))
                for offset, value in zip(offsets, parts, strict=True):
                    place = _vector_at(builder, cells, builder.add(row, offset))
                    builder.store(builder.fadd(builder.load(place, align=8), value), place, align=8)

        _blocks(builder, args[4], block)
        return context.get_dummy_value()

    return types.void(table, starts, values, scale, vectors, least), code
