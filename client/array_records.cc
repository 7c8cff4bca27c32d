#include "client/array_records.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "client/input_file.h"
#include "proto/quantd/v1/tensor_record.pb.h"

namespace quantd {
namespace {

constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;

// For messages: "a.npy", or "a.npz, array \"x\"".
std::string Place(const std::string& path, const NpyArray& array) {
  if (!absl::EndsWith(path, ".npz")) return path;
  return absl::StrCat(path, ", array \"", array.name, "\"");
}

std::string FileName(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::string ShapeOf(const NpyArray& array) {
  return absl::StrJoin(array.header.shape, "x");
}

absl::Status InFile(const absl::Status& status, const std::string& path) {
  return Annotate(status, absl::StrCat(path, ": "), {{"file", path}});
}

void SetTensor(const NpyArray& array, absl::string_view values,
               v1::NamedTensor* tensor) {
  tensor->set_name(array.name);
  for (const int64_t dim : array.row_shape()) tensor->add_dim(dim);
  if (array.header.type == NpyType::kUint8) {
    tensor->set_type(v1::NamedTensor::TYPE_UINT8);
    tensor->set_data(values.data(), values.size());
    return;
  }
  const std::vector<float> floats = ToFloats(array.header, values);
  tensor->set_data(floats.data(), floats.size() * sizeof(float));
}

}  // namespace

bool ParseArrayFile(const std::string& word, ArrayFile* file) {
  const bool is_npy = absl::EndsWith(word, ".npy");
  if (!is_npy && !absl::EndsWith(word, ".npz")) return false;
  *file = {"", word};
  std::error_code ignored;
  const size_t equals = word.find('=');
  if (is_npy && equals != std::string::npos &&
      !std::filesystem::exists(word, ignored)) {
    *file = {word.substr(0, equals), word.substr(equals + 1)};
  }
  return true;
}

absl::Status ArrayRecords::AddFile(const ArrayFile& file,
                                   std::vector<NamedArray>* arrays) {
  RETURN_IF_ERROR(CheckInputFile(file.path));
  ASSIGN_OR_RETURN(const int64_t size, FileSystem::Posix()->Size(file.path));
  ASSIGN_OR_RETURN(std::shared_ptr<const ReadFile> bytes,
                   FileSystem::Posix()->OpenRead(file.path));
  if (absl::EndsWith(file.path, ".npz")) {
    auto members = OpenNpz(std::move(bytes), size);
    if (!members.ok()) return InFile(members.status(), file.path);
    for (NpyArray& array : *members) {
      arrays->push_back({file.path, std::move(array)});
    }
    return absl::OkStatus();
  }
  auto array = OpenNpy(std::move(bytes), size);
  if (!array.ok()) return InFile(array.status(), file.path);
  array->name = file.name;
  arrays->push_back({file.path, *std::move(array)});
  return absl::OkStatus();
}

absl::Status ArrayRecords::Check(const std::vector<NamedArray>& arrays) {
  std::map<std::string, std::string> paths;
  const NamedArray& first = arrays[0];
  for (const auto& [path, array] : arrays) {
    const auto [other, is_new] = paths.emplace(array.name, path);
    if (!is_new) {
      return Error(kFailed, "ARRAY_INVALID",
                   absl::StrCat(other->second, " and ", path,
                                " are both for the input \"", array.name,
                                "\"; give each a name of its own, as in "
                                "NAME=FILE.npy"),
                   {{"file", path}, {"array", array.name}});
    }
    if (array.num_rows() == 0) {
      return Error(kFailed, "DATASET_EMPTY",
                   absl::StrCat(Place(path, array), " of shape ",
                                ShapeOf(array), " has no records"),
                   {{"file", path}, {"dataset", path}});
    }
    if (array.num_rows() == first.array.num_rows()) continue;
    return Error(
        kFailed, "DATASET_SHAPE_MISMATCH",
        absl::StrCat(Place(first.path, first.array), " of shape ",
                     ShapeOf(first.array), " has ", first.array.num_rows(),
                     " records, but ", Place(path, array), " of shape ",
                     ShapeOf(array), " has ", array.num_rows(),
                     ": the first axis is that of the records; give "
                     "arrays of equal ones"),
        {{"file", path},
         {"array", array.name},
         {"expected", absl::StrCat(first.array.num_rows())},
         {"found", absl::StrCat(array.num_rows())}});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RecordSource>> ArrayRecords::Open(
    const std::vector<ArrayFile>& files) {
  std::vector<NamedArray> arrays;
  for (const ArrayFile& file : files) RETURN_IF_ERROR(AddFile(file, &arrays));
  RETURN_IF_ERROR(Check(arrays));
  return absl::WrapUnique<RecordSource>(new ArrayRecords(std::move(arrays)));
}

absl::Status ArrayRecords::ForEach(int64_t first, int64_t end,
                                   Visitor visitor) const {
  end = std::min(end, num_records());
  if (first >= end) return absl::OkStatus();
  std::vector<std::unique_ptr<NpyRows>> rows;
  for (const auto& [path, array] : arrays_) {
    auto started = NpyRows::Start(array, first);
    if (!started.ok()) return InFile(started.status(), path);
    rows.push_back(*std::move(started));
  }
  v1::TensorRecord record;
  for (int64_t i = first; i < end; ++i) {
    record.Clear();
    for (size_t a = 0; a < arrays_.size(); ++a) {
      const auto values = rows[a]->Next();
      if (!values.ok()) return InFile(values.status(), arrays_[a].path);
      v1::NamedTensor* const tensor = record.add_tensor();
      SetTensor(arrays_[a].array, *values, tensor);
      if (i == 0) tensor->set_file_name(FileName(arrays_[a].path));
    }
    RETURN_IF_ERROR(
        visitor(absl::StrFormat("%010d", i), record.SerializeAsString()));
  }
  return absl::OkStatus();
}

}  // namespace quantd
