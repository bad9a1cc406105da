"""Owns the two innermost loops of every latent model, written out for vector registers.

They multiply the rows of a person's bytes into a posterior and add a posterior to those rows.
As plain loops they lose half their time: the compiler must suspect that rows overlap. Here eight
nodes at a time are one vector value, which any processor's registers are filled with.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 8  # nodes are padded to a multiple of this
_INDEX = ir.IntType(64)
_DOUBLE = ir.DoubleType()
_PLACE = ir.IntType(32)
_VECTOR = ir.VectorType(_DOUBLE, LANES)


def padded(n_nodes: int) -> int:
    """Length of a row that holds so many nodes in whole vectors."""
    return -(-n_nodes // LANES) * LANES


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
        product = cgutils.alloca_once(builder, _VECTOR)
        total = cgutils.alloca_once(builder, _VECTOR)
        builder.store(ir.Constant(_VECTOR, [0.0] * LANES), total)
        with cgutils.for_range(builder, args[3]) as part:
            offset = builder.mul(part.index, ir.Constant(_INDEX, LANES))
            first = builder.add(builder.load(rows), offset)
            builder.store(builder.load(_vector_at(builder, cells, first), align=8), product)
            with cgutils.for_range_slice(builder, ir.Constant(_INDEX, 1), n_rows, ir.Constant(_INDEX, 1)) as (
                row,
                _,
            ):
                at = builder.add(builder.load(builder.gep(rows, [row])), offset)
                factor = builder.load(_vector_at(builder, cells, at), align=8)
                builder.store(builder.fmul(builder.load(product), factor), product)
            value = builder.load(product)
            builder.store(value, _vector_at(builder, result, offset), align=8)
            builder.store(builder.fadd(builder.load(total), value), total)
        return _sum(builder, builder.load(total))

    return types.float64(table, starts, out, vectors), code


@intrinsic
def add_to_rows(typingctx, table, starts, values, scale, vectors, least):  # type: ignore[no-untyped-def]
    """Add ``values`` × ``scale`` to the rows of ``table`` at ``starts``.

    Vectors that are wholly below ``least`` are left out.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        cells, rows, summand = (
            _data(context, builder, k, a) for k, a in zip(kinds[:3], args[:3], strict=True)
        )
        n_rows = _length(context, builder, kinds[1], args[1])
        factor, limit = _spread(builder, args[3]), _spread(builder, args[5])
        with cgutils.for_range(builder, args[4]) as part:
            offset = builder.mul(part.index, ir.Constant(_INDEX, LANES))
            value = builder.fmul(builder.load(_vector_at(builder, summand, offset), align=8), factor)
            above = builder.bitcast(builder.fcmp_ordered(">", value, limit), ir.IntType(LANES))
            with (
                builder.if_then(builder.icmp_unsigned("!=", above, ir.Constant(ir.IntType(LANES), 0))),
                cgutils.for_range(builder, n_rows) as row,
            ):
                at = builder.add(builder.load(builder.gep(rows, [row.index])), offset)
                place = _vector_at(builder, cells, at)
                builder.store(builder.fadd(builder.load(place, align=8), value), place, align=8)
        return context.get_dummy_value()

    return types.void(table, starts, values, scale, vectors, least), code
