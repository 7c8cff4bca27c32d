// Writes HDF5 files as Caffe does: groups, float datasets of any shape, single
// integers and strings.
// Not here: what is stored where (a caffemodel, a solver state), reading
// (hdf5_reader.h), writing the bytes to disk (base/file_system.h).
#ifndef QUANTD_ENGINE_HDF5_HDF5_WRITER_H_
#define QUANTD_ENGINE_HDF5_HDF5_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace quantd {

// One HDF5 file, built in memory. Paths start with "/" and are separated by
// "/"; groups on the way are made. Equal calls give equal bytes: no time is
// stored.
//
// Threads: compatible, not safe.
// Memory: the file's bytes, twice during Finish().
// Errors of all methods: INVALID_ARGUMENT, HDF5_INVALID for a path that is
//   empty, is there already or leads through a dataset, and for sizes that do
//   not fit; RESOURCE_EXHAUSTED, OUT_OF_MEMORY if the library fails otherwise.
//
// Example:
//   ASSIGN_OR_RETURN(auto writer, Hdf5Writer::Create());
//   RETURN_IF_ERROR(writer->AddFloats("/data/conv1/0", {16, 3, 5, 5}, values));
//   ASSIGN_OR_RETURN(std::string bytes, writer->Finish());
//   RETURN_IF_ERROR(FileSystem::Posix()->WriteAtomic("net.caffemodel.h5",
//                                                    bytes));
class Hdf5Writer {
 public:
  static absl::StatusOr<std::unique_ptr<Hdf5Writer>> Create();
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  // OK if the group is there already.
  absl::Status AddGroup(const std::string& path);
  // float32; no dimensions are a scalar. `values` are as many as the product of
  // `dims`, outermost first.
  absl::Status AddFloats(const std::string& path,
                         const std::vector<int64_t>& dims,
                         absl::Span<const float> values);
  // An int32 of shape (1), as Caffe stores `iter`.
  absl::Status AddInt(const std::string& path, int32_t value);
  // A scalar of fixed length, as Caffe stores `learned_net`. Ends at the first
  // zero byte.
  absl::Status AddString(const std::string& path, const std::string& value);

  // The file. Call it last, once.
  absl::StatusOr<std::string> Finish();

 private:
  explicit Hdf5Writer(int64_t file) : file_(file) {}

  // Writes `values`, of memory type `type`, as a new dataset; all three are
  // HDF5 ids.
  absl::Status AddDataset(const std::string& path, int64_t file_type,
                          int64_t memory_type, int64_t space,
                          const void* values);
  // Makes the groups that `path` leads through, not `path` itself.
  absl::Status AddParents(const std::string& path);

  int64_t file_;  // An HDF5 id; negative once closed.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_HDF5_HDF5_WRITER_H_
