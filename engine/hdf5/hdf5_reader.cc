#include "engine/hdf5/hdf5_reader.h"

#include <hdf5.h>

#include <algorithm>
#include <limits>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "engine/hdf5/hdf5_id.h"

namespace quantd {
namespace {

constexpr char kSignature[] = "\x89HDF\r\n\x1a\n";
constexpr int64_t kMaxFileBytes = int64_t{16} << 30;
constexpr size_t kMaxStringBytes = 1 << 16;
// The library wants a name that no file has.
constexpr char kNoFile[] = "/dev/null/memory.h5";

}  // namespace

bool LooksLikeHdf5(absl::string_view bytes) {
  return absl::StartsWith(bytes, kSignature);
}

// The library's handle.
class Hdf5Reader::Impl {
 public:
  Impl(std::string bytes, const std::string& name)
      : bytes_(std::move(bytes)), name_(name), file_(OpenImage(), H5Fclose) {}

  bool ok() const { return file_.ok(); }
  hid_t file() const { return file_.get(); }

  absl::Status Invalid(const std::string& path, const std::string& what) const {
    return Error(absl::StatusCode::kInvalidArgument, "HDF5_INVALID",
                 path.empty()
                     ? absl::StrCat(name_, ": ", what)
                     : absl::StrCat(name_, ": dataset ", path, ": ", what),
                 {{"file", name_}, {"dataset", path}});
  }

  absl::Status NotFound(const std::string& path) const {
    return Error(absl::StatusCode::kNotFound, "HDF5_DATASET_NOT_FOUND",
                 absl::StrCat(name_, ": there is no dataset ", path),
                 {{"file", name_}, {"dataset", path}});
  }

  // Adds what `group` holds, in order of names.
  absl::Status List(hid_t group, const std::string& prefix, int depth,
                    Hdf5Reader* reader) const {
    if (depth > kMaxDepth) {
      return Invalid(prefix, absl::StrCat("groups nest deeper than ", kMaxDepth,
                                          "; flatten them"));
    }
    H5G_info_t info;
    if (H5Gget_info(group, &info) < 0) return Invalid(prefix, "damaged group");
    for (hsize_t i = 0; i < info.nlinks; ++i) {
      char name[1024];
      const ssize_t length =
          H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                             sizeof(name), H5P_DEFAULT);
      H5L_info_t link;
      if (length <= 0 || length >= static_cast<ssize_t>(sizeof(name)) ||
          H5Lget_info(group, name, &link, H5P_DEFAULT) < 0) {
        return Invalid(prefix, "a damaged link, or a name above 1023 bytes");
      }
      if (link.type != H5L_TYPE_HARD) continue;
      const std::string path = absl::StrCat(prefix, "/", name);
      const Hdf5Id object(H5Oopen(group, name, H5P_DEFAULT), H5Oclose);
      if (!object.ok()) return Invalid(path, "damaged; write the file again");
      const H5I_type_t type = H5Iget_type(object.get());
      if (type == H5I_DATASET) reader->datasets_.push_back(path);
      if (type == H5I_GROUP) reader->groups_.push_back(path);
      if (reader->datasets_.size() + reader->groups_.size() > kMaxDatasets) {
        return Invalid("", absl::StrCat("more than ", kMaxDatasets,
                                        " datasets and groups"));
      }
      if (type == H5I_GROUP) {
        RETURN_IF_ERROR(List(object.get(), path, depth + 1, reader));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<hid_t> OpenDataset(const std::string& path) const {
    Hdf5Id dataset(H5Dopen2(file_.get(), path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.ok()) return Invalid(path, "damaged; write the file again");
    return dataset.Release();
  }

  absl::StatusOr<Hdf5Dataset> Describe(const std::string& path,
                                       hid_t dataset) const {
    Hdf5Dataset result;
    result.path = path;
    const Hdf5Id space(H5Dget_space(dataset), H5Sclose);
    hsize_t dims[H5S_MAX_RANK];
    const int rank =
        space.ok() ? H5Sget_simple_extent_dims(space.get(), dims, nullptr) : -1;
    if (rank < 0) return Invalid(path, "damaged dimensions");
    result.num_elements = 1;
    for (int i = 0; i < rank; ++i) {
      constexpr hsize_t kMax = std::numeric_limits<int32_t>::max();
      if (dims[i] > kMax) {
        return Invalid(path, absl::StrCat("dimension ", i, " is ", dims[i],
                                          "; the limit is ", kMax));
      }
      result.dims.push_back(static_cast<int64_t>(dims[i]));
      result.num_elements *= result.dims.back();
      if (result.num_elements > static_cast<int64_t>(kMax)) {
        return Invalid(path, absl::StrCat("it has more than ", kMax,
                                          " elements; split it"));
      }
    }
    return result;
  }

 private:
  hid_t OpenImage() const {
    const Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    if (!access.ok() || H5Pset_fapl_core(access.get(), 1 << 20, 0) < 0 ||
        H5Pset_file_image(access.get(), const_cast<char*>(bytes_.data()),
                          bytes_.size()) < 0) {
      return -1;
    }
    return H5Fopen(kNoFile, H5F_ACC_RDONLY, access.get());
  }

  const std::string bytes_;
  const std::string name_;
  const Hdf5Id file_;
};

Hdf5Reader::Hdf5Reader() = default;
Hdf5Reader::~Hdf5Reader() = default;

absl::StatusOr<std::unique_ptr<Hdf5Reader>> Hdf5Reader::Open(
    const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes,
                   FileSystem::Posix()->Read(path, kMaxFileBytes));
  return FromBytes(bytes, path);
}

absl::StatusOr<std::unique_ptr<Hdf5Reader>> Hdf5Reader::FromBytes(
    absl::string_view bytes, const std::string& file_name) {
  const Hdf5Silence silence;
  auto reader = absl::WrapUnique(new Hdf5Reader);
  reader->impl_ = std::make_unique<Impl>(std::string(bytes), file_name);
  if (!reader->impl_->ok()) {
    return reader->impl_->Invalid(
        "", LooksLikeHdf5(bytes)
                ? "the HDF5 file is damaged; write or transfer it again"
                : "not an HDF5 file; pass an .h5 file");
  }
  const Hdf5Id root(H5Gopen2(reader->impl_->file(), "/", H5P_DEFAULT),
                    H5Gclose);
  if (!root.ok()) return reader->impl_->Invalid("", "damaged root group");
  RETURN_IF_ERROR(reader->impl_->List(root.get(), "", 0, reader.get()));
  return reader;
}

bool Hdf5Reader::Has(const std::string& path) const {
  return std::find(datasets_.begin(), datasets_.end(), path) != datasets_.end();
}

absl::StatusOr<Hdf5Dataset> Hdf5Reader::Find(const std::string& path) const {
  const Hdf5Silence silence;
  if (!Has(path)) {
    return impl_->NotFound(path);
  }
  ASSIGN_OR_RETURN(const hid_t id, impl_->OpenDataset(path));
  const Hdf5Id dataset(id, H5Dclose);
  return impl_->Describe(path, dataset.get());
}

absl::Status Hdf5Reader::ReadFloats(const std::string& path,
                                    absl::Span<float> values) const {
  ASSIGN_OR_RETURN(const Hdf5Dataset described, Find(path));
  const Hdf5Silence silence;
  if (described.num_elements != static_cast<int64_t>(values.size())) {
    return impl_->Invalid(path, absl::StrCat("it has ", described.num_elements,
                                             " elements, not ", values.size()));
  }
  ASSIGN_OR_RETURN(const hid_t id, impl_->OpenDataset(path));
  const Hdf5Id dataset(id, H5Dclose);
  const Hdf5Id type(H5Dget_type(dataset.get()), H5Tclose);
  const H5T_class_t kind = type.ok() ? H5Tget_class(type.get()) : H5T_NO_CLASS;
  if (kind != H5T_FLOAT && kind != H5T_INTEGER) {
    return impl_->Invalid(path, "it holds no numbers; store floats");
  }
  if (values.empty()) return absl::OkStatus();
  if (H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
              values.data()) < 0) {
    return impl_->Invalid(path, "damaged values; write the file again");
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Hdf5Reader::ReadInt(const std::string& path) const {
  ASSIGN_OR_RETURN(const Hdf5Dataset described, Find(path));
  const Hdf5Silence silence;
  ASSIGN_OR_RETURN(const hid_t id, impl_->OpenDataset(path));
  const Hdf5Id dataset(id, H5Dclose);
  int64_t value = 0;
  if (described.num_elements != 1 ||
      H5Dread(dataset.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
              &value) < 0) {
    return impl_->Invalid(path, "it is not one integer");
  }
  return value;
}

absl::StatusOr<std::string> Hdf5Reader::ReadString(
    const std::string& path) const {
  ASSIGN_OR_RETURN(const Hdf5Dataset described, Find(path));
  const Hdf5Silence silence;
  ASSIGN_OR_RETURN(const hid_t id, impl_->OpenDataset(path));
  const Hdf5Id dataset(id, H5Dclose);
  const Hdf5Id type(H5Dget_type(dataset.get()), H5Tclose);
  if (!type.ok() || H5Tget_class(type.get()) != H5T_STRING ||
      H5Tis_variable_str(type.get()) != 0 || described.num_elements != 1 ||
      H5Tget_size(type.get()) > kMaxStringBytes) {
    return impl_->Invalid(path, "it is not one string of fixed length");
  }
  std::string value(H5Tget_size(type.get()), '\0');
  if (H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
              &value[0]) < 0) {
    return impl_->Invalid(path, "damaged values; write the file again");
  }
  value.resize(std::min(value.find('\0'), value.size()));
  return value;
}

}  // namespace quantd
