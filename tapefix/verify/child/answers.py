"""Answers of one run that are handed back in another, which asks the same and would be told more."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Tuple

MOST = 256_000_000
"""Bytes of answers that a run keeps; one that has more of them cannot be compared in this way."""


class Answers:
    """Keeps what the queries of a run answer, or hands back what those of a run before have answered."""

    def __init__(self, folder: str, keep: bool, handed: Dict[str, List[List[Tuple[int, str]]]]) -> None:
        self._folder = folder
        self._keep = keep
        self._handed = handed
        self._room = MOST

    def keep(self, key: str, occurrence: int, answer: Any) -> None:
        """Write each part of an answer to a file of its own."""
        import tensorflow as tf

        if not self._keep or not tf.executing_eagerly():
            return
        os.makedirs(self._folder, exist_ok=True)
        for index, value in enumerate(tf.nest.flatten(answer)):
            data = _packed(value)
            if data is not None and len(data) <= self._room:
                self._room -= len(data)
                with open(os.path.join(self._folder, kept_name(key, occurrence, index)), "wb") as file:
                    file.write(data)

    def given(self, key: str, occurrence: int) -> Dict[int, Any]:
        """What is handed back in place of an answer, by the number of its part."""
        rows = self._handed.get(key, [])
        found = {}
        for index, name in rows[occurrence] if occurrence < len(rows) else ():
            value = self._read(name)
            if value is not None:
                found[index] = value
        return found

    def _read(self, name: str) -> Optional[Any]:
        try:
            with open(os.path.join(self._folder, name), "rb") as file:
                return _unpacked(file.read())
        except OSError:
            return None


def kept_name(key: str, occurrence: int, index: int) -> str:
    """The file of one part of an answer."""
    return "%s.%d.%d" % (key.replace(" ", "-"), occurrence, index)


def _packed(value: Any) -> Optional[bytes]:
    """A dense or a sparse gradient as bytes: each of its tensors as TensorFlow writes one, behind its length."""
    import tensorflow as tf

    if isinstance(value, tf.IndexedSlices):
        parts = [value.values, value.indices, *([] if value.dense_shape is None else [value.dense_shape])]
    else:
        parts = [value]
    data = b""
    for part in parts:
        if not hasattr(part, "numpy"):
            return None
        piece = tf.make_tensor_proto(part.numpy()).SerializeToString()
        data += len(piece).to_bytes(8, "little") + piece
    return data


def _unpacked(data: bytes) -> Any:
    import tensorflow as tf
    from tensorflow.core.framework import tensor_pb2

    parts = []
    while data:
        size = int.from_bytes(data[:8], "little")
        proto = tensor_pb2.TensorProto.FromString(data[8 : 8 + size])
        parts.append(tf.convert_to_tensor(tf.make_ndarray(proto)))
        data = data[8 + size :]
    return parts[0] if len(parts) == 1 else tf.IndexedSlices(*parts)
