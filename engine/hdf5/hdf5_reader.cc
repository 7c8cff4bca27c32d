#include "engine/hdf5/hdf5_reader.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "engine/hdf5/hdf5_file.h"
#include "engine/hdf5/hdf5_links.h"
#include "engine/hdf5/hdf5_numbers.h"
#include "engine/hdf5/hdf5_values.h"
#include "engine/hdf5/mapped_file.h"

namespace quantd {
namespace {

constexpr char kSignature[] = "\x89HDF\r\n\x1a\n";
constexpr uint64_t kMaxStringBytes = 1 << 16;
constexpr int64_t kMaxPathBytes = int64_t{64} << 20;  // Of all paths.

}  // namespace

bool LooksLikeHdf5(absl::string_view bytes) {
  return absl::StartsWith(bytes, kSignature);
}

// The parsed file and where its datasets are.
class Hdf5Reader::Impl {
 public:
  Impl(Hdf5File file, std::string name) : file_(file), name_(std::move(name)) {}

  // Keeps the bytes that the file is a view of.
  void Own(std::unique_ptr<MappedFile> bytes) { bytes_ = std::move(bytes); }

  // Fills the reader's lists.
  absl::Status ListAll(Hdf5Reader* reader) {
    auto messages = file_.ReadMessages(file_.root());
    if (!messages.ok()) return InFile(messages.status());
    return List(*messages, "", 0, reader);
  }

  absl::StatusOr<Hdf5DatasetHeader> Describe(const std::string& path) {
    const auto at = addresses_.find(path);
    if (at == addresses_.end()) {
      return Error(absl::StatusCode::kNotFound, "HDF5_DATASET_NOT_FOUND",
                   absl::StrCat(name_, ": there is no dataset ", path),
                   {{"file", name_}, {"dataset", path}});
    }
    auto messages = file_.ReadMessages(at->second);
    if (!messages.ok()) return InDataset(path, messages.status());
    auto header = ParseHdf5Dataset(*messages, file_);
    if (!header.ok()) return InDataset(path, header.status());
    return header;
  }

  absl::StatusOr<absl::string_view> Read(const std::string& path,
                                         const Hdf5DatasetHeader& header,
                                         std::string* buffer) {
    auto bytes = ReadHdf5Bytes(header, &file_, buffer);
    if (!bytes.ok()) return InDataset(path, bytes.status());
    return bytes;
  }

  bool Has(const std::string& path) const { return addresses_.contains(path); }

  absl::Status Invalid(const std::string& path, const std::string& what) const {
    return InDataset(path, Hdf5Problem(what));
  }

 private:
  // Adds what the group with `messages` holds, in order of names.
  absl::Status List(const std::vector<Hdf5Message>& messages,
                    const std::string& group, int depth, Hdf5Reader* reader) {
    if (depth > kMaxDepth) {
      return Invalid(group, absl::StrCat("groups nest deeper than ", kMaxDepth,
                                         "; flatten them"));
    }
    const size_t listed = reader->datasets_.size() + reader->groups_.size();
    const auto links = ReadHdf5Links(messages, kMaxDatasets - listed, &file_);
    if (!links.ok()) return InGroup(group, links.status());
    for (const Hdf5HardLink& link : *links) {
      const std::string path = absl::StrCat(group, "/", link.name);
      path_bytes_ += static_cast<int64_t>(path.size());
      const size_t objects = reader->datasets_.size() + reader->groups_.size();
      if (objects >= kMaxDatasets || path_bytes_ > kMaxPathBytes) {
        return InFile(Hdf5Problem(absl::StrCat(
            "more than ", kMaxDatasets, " datasets and groups, or ",
            kMaxPathBytes, " bytes of names; split the file")));
      }
      RETURN_IF_ERROR(ListObject(link.address, path, depth, reader));
    }
    return absl::OkStatus();
  }

  absl::Status ListObject(uint64_t address, const std::string& path, int depth,
                          Hdf5Reader* reader) {
    auto messages = file_.ReadMessages(address);
    if (!messages.ok()) return InDataset(path, messages.status());
    if (IsHdf5Dataset(*messages)) {
      reader->datasets_.push_back(path);
      addresses_[path] = address;
      return absl::OkStatus();
    }
    if (!IsHdf5Group(*messages)) return absl::OkStatus();  // A named type.
    reader->groups_.push_back(path);
    return List(*messages, path, depth + 1, reader);
  }

  absl::Status InFile(const absl::Status& status) const {
    return Annotate(status, absl::StrCat(name_, ": "), {{"file", name_}});
  }
  absl::Status InGroup(const std::string& path,
                       const absl::Status& status) const {
    return InFile(Annotate(status, absl::StrCat("group ", path, "/: ")));
  }
  absl::Status InDataset(const std::string& path,
                         const absl::Status& status) const {
    return InFile(Annotate(status, absl::StrCat("dataset ", path, ": "),
                           {{"dataset", path}}));
  }

  std::unique_ptr<MappedFile> bytes_;
  Hdf5File file_;
  const std::string name_;
  absl::flat_hash_map<std::string, uint64_t> addresses_;  // Of datasets.
  int64_t path_bytes_ = 0;
};

Hdf5Reader::Hdf5Reader() = default;
Hdf5Reader::~Hdf5Reader() = default;

absl::StatusOr<std::unique_ptr<Hdf5Reader>> Hdf5Reader::Open(
    const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(auto reader, FromBytes(file->bytes(), path));
  reader->impl_->Own(std::move(file));
  return reader;
}

absl::StatusOr<std::unique_ptr<Hdf5Reader>> Hdf5Reader::FromBytes(
    absl::string_view bytes, const std::string& file_name) {
  auto file = Hdf5File::Parse(bytes);
  if (!file.ok()) {
    return Annotate(file.status(), absl::StrCat(file_name, ": "),
                    {{"file", file_name}});
  }
  auto reader = absl::WrapUnique(new Hdf5Reader);
  reader->impl_ = std::make_unique<Impl>(*std::move(file), file_name);
  RETURN_IF_ERROR(reader->impl_->ListAll(reader.get()));
  return reader;
}

bool Hdf5Reader::Has(const std::string& path) const { return impl_->Has(path); }

absl::StatusOr<Hdf5Dataset> Hdf5Reader::Find(const std::string& path) const {
  ASSIGN_OR_RETURN(Hdf5DatasetHeader header, impl_->Describe(path));
  return Hdf5Dataset{path, std::move(header.dims), header.num_elements};
}

absl::Status Hdf5Reader::ReadFloats(const std::string& path,
                                    absl::Span<float> values) const {
  ASSIGN_OR_RETURN(const Hdf5DatasetHeader header, impl_->Describe(path));
  if (header.num_elements != static_cast<int64_t>(values.size())) {
    return impl_->Invalid(path, absl::StrCat("it has ", header.num_elements,
                                             " elements, not ", values.size()));
  }
  if (!IsHdf5Number(header.type)) {
    return impl_->Invalid(path, "it holds no numbers; store floats");
  }
  std::string buffer;
  ASSIGN_OR_RETURN(const absl::string_view bytes,
                   impl_->Read(path, header, &buffer));
  Hdf5ToFloats(bytes, header.type, values);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Hdf5Reader::ReadInt(const std::string& path) const {
  ASSIGN_OR_RETURN(const Hdf5DatasetHeader header, impl_->Describe(path));
  const bool is_integer = header.type.kind == Hdf5Type::kInt ||
                          header.type.kind == Hdf5Type::kUnsigned;
  if (!is_integer || header.num_elements != 1) {
    return impl_->Invalid(path, "it is not one integer");
  }
  std::string buffer;
  ASSIGN_OR_RETURN(const absl::string_view bytes,
                   impl_->Read(path, header, &buffer));
  return Hdf5ToInt(bytes, header.type);
}

absl::StatusOr<std::string> Hdf5Reader::ReadString(
    const std::string& path) const {
  ASSIGN_OR_RETURN(const Hdf5DatasetHeader header, impl_->Describe(path));
  if (header.type.kind != Hdf5Type::kString || header.num_elements != 1 ||
      header.type.num_bytes > kMaxStringBytes) {
    return impl_->Invalid(path, "it is not one string of fixed length");
  }
  std::string buffer;
  ASSIGN_OR_RETURN(const absl::string_view bytes,
                   impl_->Read(path, header, &buffer));
  return std::string(bytes.substr(0, bytes.find('\0')));
}

}  // namespace quantd
