#include "engine/hdf5/hdf5_writer.h"

#include <hdf5.h>

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/hdf5/hdf5_id.h"

namespace quantd {
namespace {

constexpr size_t kGrowBytes = size_t{1} << 20;  // Of the file in memory.
// The library wants a name that no file has.
constexpr char kNoFile[] = "/dev/null/memory.h5";

absl::Status Invalid(const std::string& path, const std::string& what) {
  return Error(absl::StatusCode::kInvalidArgument, "HDF5_INVALID",
               absl::StrCat("HDF5 path \"", path, "\": ", what),
               {{"dataset", path}});
}

absl::Status LibraryError(const std::string& what) {
  return Error(absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY",
               absl::StrCat("the HDF5 library cannot ", what,
                            "; free some memory and try again"));
}

bool Exists(hid_t file, const std::string& path) {
  return H5Lexists(file, path.c_str(), H5P_DEFAULT) > 0;
}

bool IsGroup(hid_t file, const std::string& path) {
  const Hdf5Id object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
  return object.ok() && H5Iget_type(object.get()) == H5I_GROUP;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Hdf5Writer>> Hdf5Writer::Create() {
  const Hdf5Silence silence;
  const Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // In memory only: nothing is written under the name.
  if (!access.ok() || H5Pset_fapl_core(access.get(), kGrowBytes, 0) < 0) {
    return LibraryError("make a file in memory");
  }
  Hdf5Id file(H5Fcreate(kNoFile, H5F_ACC_TRUNC, H5P_DEFAULT, access.get()),
              H5Fclose);
  if (!file.ok()) return LibraryError("make a file in memory");
  return absl::WrapUnique(new Hdf5Writer(file.Release()));
}

Hdf5Writer::~Hdf5Writer() {
  const Hdf5Silence silence;
  if (file_ >= 0) H5Fclose(file_);
}

absl::Status Hdf5Writer::AddParents(const std::string& path) {
  if (path.size() < 2 || path[0] != '/' || absl::StrContains(path, "//") ||
      absl::EndsWith(path, "/") || absl::StrContains(path, '\0')) {
    return Invalid(path, "it must be names, each after one \"/\"");
  }
  for (size_t end = path.find('/', 1); end != std::string::npos;
       end = path.find('/', end + 1)) {
    const std::string parent = path.substr(0, end);
    if (Exists(file_, parent)) {
      if (IsGroup(file_, parent)) continue;
      return Invalid(path, absl::StrCat("\"", parent,
                                        "\" is a dataset; choose "
                                        "another name"));
    }
    const Hdf5Id group(H5Gcreate2(file_, parent.c_str(), H5P_DEFAULT,
                                  H5P_DEFAULT, H5P_DEFAULT),
                       H5Gclose);
    if (!group.ok()) return LibraryError(absl::StrCat("add group ", parent));
  }
  return absl::OkStatus();
}

absl::Status Hdf5Writer::AddGroup(const std::string& path) {
  const Hdf5Silence silence;
  // The group is a parent of a name inside it.
  return AddParents(absl::StrCat(path, "/x"));
}

absl::Status Hdf5Writer::AddDataset(const std::string& path, int64_t file_type,
                                    int64_t memory_type, int64_t space,
                                    const void* values) {
  RETURN_IF_ERROR(AddParents(path));
  if (Exists(file_, path)) {
    return Invalid(path, "it is there already; names must differ");
  }
  const Hdf5Id creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (!creation.ok() || H5Pset_obj_track_times(creation.get(), false) < 0) {
    return LibraryError(absl::StrCat("add dataset ", path));
  }
  const Hdf5Id dataset(H5Dcreate2(file_, path.c_str(), file_type, space,
                                  H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                       H5Dclose);
  if (!dataset.ok() || H5Dwrite(dataset.get(), memory_type, H5S_ALL, H5S_ALL,
                                H5P_DEFAULT, values) < 0) {
    return LibraryError(absl::StrCat("add dataset ", path));
  }
  return absl::OkStatus();
}

absl::Status Hdf5Writer::AddFloats(const std::string& path,
                                   const std::vector<int64_t>& dims,
                                   absl::Span<const float> values) {
  const Hdf5Silence silence;
  int64_t count = 1;
  for (int64_t dim : dims) {
    // Values are in memory: a product above their number never comes back.
    if (dim < 0 || dims.size() > H5S_MAX_RANK) {
      return Invalid(path, "dimensions must be at most 32 and not negative");
    }
    if (__builtin_mul_overflow(count, dim, &count)) count = -1;
    if (count < 0) break;
  }
  if (count != static_cast<int64_t>(values.size())) {
    return Invalid(path, absl::StrCat("the dimensions hold ", count,
                                      " values, given are ", values.size()));
  }
  const std::vector<hsize_t> sizes(dims.begin(), dims.end());
  const Hdf5Id space(sizes.empty()
                         ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(static_cast<int>(sizes.size()),
                                            sizes.data(), nullptr),
                     H5Sclose);
  if (!space.ok()) return LibraryError("make a data space");
  return AddDataset(path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, space.get(),
                    values.data());
}

absl::Status Hdf5Writer::AddInt(const std::string& path, int32_t value) {
  const Hdf5Silence silence;
  const hsize_t one = 1;
  const Hdf5Id space(H5Screate_simple(1, &one, nullptr), H5Sclose);
  if (!space.ok()) return LibraryError("make a data space");
  return AddDataset(path, H5T_STD_I32LE, H5T_NATIVE_INT32, space.get(), &value);
}

absl::Status Hdf5Writer::AddString(const std::string& path,
                                   const std::string& value) {
  const Hdf5Silence silence;
  const Hdf5Id space(H5Screate(H5S_SCALAR), H5Sclose);
  const Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  if (!space.ok() || !type.ok() ||
      H5Tset_size(type.get(), value.size() + 1) < 0) {
    return LibraryError("make a string type");
  }
  return AddDataset(path, type.get(), type.get(), space.get(), value.c_str());
}

absl::StatusOr<std::string> Hdf5Writer::Finish() {
  const Hdf5Silence silence;
  if (file_ < 0) return Invalid("/", "the file is finished already");
  const Hdf5Id file(file_, H5Fclose);
  file_ = -1;
  if (H5Fflush(file.get(), H5F_SCOPE_GLOBAL) < 0) {
    return LibraryError("write the file");
  }
  const ssize_t size = H5Fget_file_image(file.get(), nullptr, 0);
  if (size < 0) return LibraryError("write the file");
  std::string bytes(static_cast<size_t>(size), '\0');
  if (H5Fget_file_image(file.get(), &bytes[0], bytes.size()) < 0) {
    return LibraryError("write the file");
  }
  return bytes;
}

}  // namespace quantd
