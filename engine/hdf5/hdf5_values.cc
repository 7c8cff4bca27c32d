#include "engine/hdf5/hdf5_values.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr int kMaxTreeLevel = 32;
constexpr size_t kChecksumBytes = 4;

absl::Status Damaged(const std::string& what) {
  return Hdf5Problem(absl::StrCat("damaged ", what, "; write the file again"));
}

absl::Status NeverWritten() {
  return Hdf5Problem("some of its values were never written; write them");
}

// The reverse of HDF5's shuffle: byte b of all elements stands together.
std::string Unshuffle(absl::string_view bytes, size_t element_bytes) {
  if (element_bytes <= 1) return std::string(bytes);
  std::string result(bytes);
  const size_t elements = bytes.size() / element_bytes;
  for (size_t b = 0; b < element_bytes; ++b) {
    for (size_t i = 0; i < elements; ++i) {
      result[i * element_bytes + b] = bytes[b * elements + i];
    }
  }
  return result;
}

// Reads a chunked dataset.
class ChunkReader {
 public:
  ChunkReader(const Hdf5DatasetHeader& dataset, Hdf5File* file)
      : dataset_(dataset), file_(file) {
    chunk_bytes_ = dataset.type.num_bytes;
    for (size_t i = 0; i < dataset.dims.size(); ++i) {
      const int64_t chunk = static_cast<int64_t>(dataset.layout.chunk[i]);
      chunk_bytes_ *= chunk;
      grid_.push_back((dataset.dims[i] + chunk - 1) / chunk);
      num_chunks_ *= grid_.back();
    }
  }

  absl::Status Read(std::string* values) {
    // Each chunk has a key in the file.
    constexpr int64_t kLeastKeyBytes = 16;
    if (num_chunks_ > file_->size_bytes() / kLeastKeyBytes) {
      return NeverWritten();
    }
    values->assign(dataset_.num_elements * dataset_.type.num_bytes, '\0');
    seen_.assign(num_chunks_, false);
    RETURN_IF_ERROR(ReadTree(dataset_.layout.address, kMaxTreeLevel, values));
    return num_seen_ == num_chunks_ ? absl::OkStatus() : NeverWritten();
  }

 private:
  // Children are of a lower level, so there are no circles.
  absl::Status ReadTree(uint64_t address, int max_level, std::string* values) {
    ASSIGN_OR_RETURN(const absl::string_view start, file_->From(address));
    Hdf5Cursor cursor(start);
    const bool is_tree = cursor.Take(4) == "TREE" && cursor.Int(1) == 1;
    const int level = static_cast<int>(cursor.Int(1));
    const uint64_t children = cursor.Int(2);
    file_->ReadAddress(&cursor);  // Left.
    file_->ReadAddress(&cursor);  // Right.
    if (!is_tree || !cursor.ok() || level > max_level) {
      return Damaged("tree of chunks");
    }
    for (uint64_t i = 0; i < children; ++i) {
      const uint64_t stored_bytes = cursor.Int(4);
      const uint64_t skipped_filters = cursor.Int(4);
      std::vector<uint64_t> at;
      for (size_t axis = 0; axis < grid_.size(); ++axis) {
        at.push_back(cursor.Int(8));
      }
      cursor.Skip(8);  // Inside of an element: 0.
      const uint64_t child = file_->ReadAddress(&cursor);
      if (!cursor.ok()) return Damaged("tree of chunks");
      if (level > 0) {
        RETURN_IF_ERROR(ReadTree(child, level - 1, values));
        continue;
      }
      ASSIGN_OR_RETURN(const absl::string_view stored,
                       file_->At(child, stored_bytes));
      RETURN_IF_ERROR(ReadChunk(stored, skipped_filters, at, values));
    }
    return absl::OkStatus();
  }

  absl::Status ReadChunk(absl::string_view stored, uint64_t skipped_filters,
                         const std::vector<uint64_t>& at, std::string* values) {
    int64_t index = 0;
    for (size_t i = 0; i < at.size(); ++i) {
      const uint64_t chunk = dataset_.layout.chunk[i];
      const uint64_t dim = static_cast<uint64_t>(dataset_.dims[i]);
      // A dataset that was made smaller may keep chunks outside.
      if (at[i] >= dim) return absl::OkStatus();
      if (at[i] % chunk != 0) return Damaged("place of a chunk");
      index = index * grid_[i] + static_cast<int64_t>(at[i] / chunk);
    }
    if (seen_[index]) return Damaged("tree of chunks");
    seen_[index] = true;
    ++num_seen_;
    std::string buffer;
    RETURN_IF_ERROR(Unfilter(skipped_filters, &stored, &buffer));
    if (stored.size() != chunk_bytes_) return Damaged("chunk");
    CopyAxis(0, at, stored.data(), chunk_bytes_, &(*values)[0], values->size());
    return absl::OkStatus();
  }

  // Undoes the filters, the last first. `bytes` then point into `buffer`, if
  // anything was done.
  absl::Status Unfilter(uint64_t skipped, absl::string_view* bytes,
                        std::string* buffer) const {
    for (size_t i = dataset_.filters.size(); i-- > 0;) {
      const Hdf5Filter& filter = dataset_.filters[i];
      if ((skipped >> i & 1) != 0) continue;
      if (filter.id == Hdf5Filter::kFletcher32) {
        if (bytes->size() < kChecksumBytes) return Damaged("chunk");
        bytes->remove_suffix(kChecksumBytes);
      } else if (filter.id == Hdf5Filter::kShuffle) {
        if (filter.parameter == 0) return Damaged("filter");
        std::string plain = Unshuffle(*bytes, filter.parameter);
        buffer->swap(plain);
        *bytes = *buffer;
      } else if (filter.id == Hdf5Filter::kDeflate) {
        RETURN_IF_ERROR(Inflate(bytes, buffer));
      } else {
        return Hdf5Problem(absl::StrCat(
            "it is compressed with filter ", filter.id,
            ", which is not supported; write it with gzip or uncompressed"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Inflate(absl::string_view* bytes, std::string* buffer) const {
    // Checksums of filters before this one are part of the result.
    const size_t most = chunk_bytes_ + kChecksumBytes * dataset_.filters.size();
    std::string plain(most, '\0');
    uLongf size = most;
    const int code = uncompress(reinterpret_cast<Bytef*>(&plain[0]), &size,
                                reinterpret_cast<const Bytef*>(bytes->data()),
                                bytes->size());
    if (code != Z_OK) return Damaged("compressed chunk");
    plain.resize(size);
    buffer->swap(plain);
    *bytes = *buffer;
    return absl::OkStatus();
  }

  // Copies what of the chunk at `at` lies inside the dataset; `from` and `to`
  // are the parts of chunk and dataset of the outer axes' current index.
  void CopyAxis(size_t axis, const std::vector<uint64_t>& at, const char* from,
                size_t from_bytes, char* to, size_t to_bytes) const {
    const size_t chunk = dataset_.layout.chunk[axis];
    const size_t dim = static_cast<size_t>(dataset_.dims[axis]);
    const size_t count = std::min<size_t>(chunk, dim - at[axis]);
    const size_t from_step = from_bytes / chunk;
    const size_t to_step = to_bytes / dim;
    to += at[axis] * to_step;
    if (axis + 1 == at.size()) {
      std::memcpy(to, from, count * to_step);
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      CopyAxis(axis + 1, at, from + i * from_step, from_step, to + i * to_step,
               to_step);
    }
  }

  const Hdf5DatasetHeader& dataset_;
  Hdf5File* const file_;
  size_t chunk_bytes_ = 0;
  std::vector<int64_t> grid_;  // Chunks along each axis.
  int64_t num_chunks_ = 1;
  std::vector<bool> seen_;
  int64_t num_seen_ = 0;
};

}  // namespace

absl::StatusOr<absl::string_view> ReadHdf5Bytes(
    const Hdf5DatasetHeader& dataset, Hdf5File* file, std::string* buffer) {
  const uint64_t size = dataset.num_elements * dataset.type.num_bytes;
  if (size == 0) return absl::string_view();
  switch (dataset.layout.kind) {
    case Hdf5Layout::kCompact:
      if (dataset.layout.data.size() < size) return Damaged("compact values");
      return dataset.layout.data.substr(0, size);
    case Hdf5Layout::kContiguous:
      if (dataset.layout.address == kHdf5Undefined) return NeverWritten();
      return file->At(dataset.layout.address, size);
    case Hdf5Layout::kChunked:
      if (dataset.layout.address == kHdf5Undefined) return NeverWritten();
      RETURN_IF_ERROR(ChunkReader(dataset, file).Read(buffer));
      return absl::string_view(*buffer);
  }
  return Damaged("layout");
}

}  // namespace quantd
