// Numbers as HDF5 files store them, as float32 and int64.
#ifndef QUANTD_ENGINE_HDF5_HDF5_NUMBERS_H_
#define QUANTD_ENGINE_HDF5_HDF5_NUMBERS_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/hdf5/hdf5_values.h"

namespace quantd {

inline bool IsHdf5Number(const Hdf5Type& type) {
  return type.kind == Hdf5Type::kInt || type.kind == Hdf5Type::kUnsigned ||
         type.kind == Hdf5Type::kFloat;
}

// Numbers of `type`, for which IsHdf5Number() holds, as the nearest float32
// (beyond its range: infinity). `bytes` holds values.size() of them.
void Hdf5ToFloats(absl::string_view bytes, const Hdf5Type& type,
                  absl::Span<float> values);

// One integer; `bytes` holds at least one of `type`, kInt or kUnsigned.
int64_t Hdf5ToInt(absl::string_view bytes, const Hdf5Type& type);

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_NUMBERS_H_
