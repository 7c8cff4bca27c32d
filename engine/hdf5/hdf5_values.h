// What a dataset of an HDF5 file is and where its values are; reading them.
// Not here: which datasets there are (hdf5_links.h).
#ifndef QUANTD_ENGINE_HDF5_HDF5_VALUES_H_
#define QUANTD_ENGINE_HDF5_HDF5_VALUES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/hdf5/hdf5_file.h"

namespace quantd {

// How one element is stored.
struct Hdf5Type {
  enum Kind { kInt, kUnsigned, kFloat, kString, kOther };
  Kind kind = kOther;
  bool big_endian = false;
  uint64_t num_bytes = 0;
};

// Where the values are.
struct Hdf5Layout {
  enum Kind { kCompact, kContiguous, kChunked };
  Kind kind = kCompact;
  absl::string_view data;       // kCompact.
  uint64_t address = 0;         // Of the values, or of the tree of chunks.
  std::vector<uint64_t> chunk;  // Dimensions of a chunk.
};

// One step that was done to each chunk when it was written.
struct Hdf5Filter {
  enum Kind { kDeflate = 1, kShuffle = 2, kFletcher32 = 3 };
  int id = 0;
  uint64_t parameter = 0;  // The first, of those it has.
};

// What the messages of a dataset say.
struct Hdf5DatasetHeader {
  std::vector<int64_t> dims;
  int64_t num_elements = 0;
  Hdf5Type type;
  Hdf5Layout layout;
  std::vector<Hdf5Filter> filters;  // In the order of writing.
};

// True if an object with these messages is a dataset.
bool IsHdf5Dataset(const std::vector<Hdf5Message>& messages);

// Errors: HDF5_INVALID for damage, more than 32 axes or 2^31-1 elements, more
//   values than the file has room for (1100 times its size where chunks are
//   compressed, the most that deflate can do), and storage that this reader
//   does not know.
absl::StatusOr<Hdf5DatasetHeader> ParseHdf5Dataset(
    const std::vector<Hdf5Message>& messages, const Hdf5File& file);

// The dataset's bytes in the order of its dims, elements as stored: a piece of
// the file, or of `buffer`.
// Errors: HDF5_INVALID for damage, values that were never written, and filters
//   other than deflate, shuffle and fletcher32.
absl::StatusOr<absl::string_view> ReadHdf5Bytes(
    const Hdf5DatasetHeader& dataset, Hdf5File* file, std::string* buffer);

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_VALUES_H_
