#include "client/image_records.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/input_file.h"
#include "proto/caffe/caffe.pb.h"

namespace quantd {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxListBytes = int64_t{64} << 20;
constexpr int64_t kMaxImageBytes = int64_t{64} << 20;
constexpr size_t kMaxKeyName = 200;  // LMDB's keys have 511 bytes at most.

// Where `path` of a list in `folder` is.
std::string FindFile(const std::string& path, const fs::path& folder) {
  if (fs::path(path).is_absolute()) return path;
  std::error_code ignored;
  const fs::path beside = folder / path;
  return fs::exists(beside, ignored) ? beside.string() : path;
}

std::string KeyOf(int64_t index, const std::string& path) {
  std::string name = fs::path(path).filename().string();
  if (name.size() > kMaxKeyName) name = name.substr(name.size() - kMaxKeyName);
  return absl::StrFormat("%08d_%s", index, name);
}

absl::Status Empty(const std::string& path, const std::string& what) {
  return Error(absl::StatusCode::kFailedPrecondition, "DATASET_EMPTY",
               absl::StrCat(path, what), {{"file", path}, {"dataset", path}});
}

}  // namespace

std::vector<LabelledFile> ParseLabelledFiles(absl::string_view text) {
  std::vector<LabelledFile> files;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    LabelledFile file;
    const size_t space = line.find_last_of(" \t");
    if (space != absl::string_view::npos &&
        absl::SimpleAtoi(line.substr(space + 1), &file.label)) {
      line = absl::StripTrailingAsciiWhitespace(line.substr(0, space));
    }
    file.path = std::string(line);
    files.push_back(std::move(file));
  }
  return files;
}

bool IsImageName(absl::string_view path) {
  const std::string lower = absl::AsciiStrToLower(path);
  return absl::EndsWith(lower, ".jpg") || absl::EndsWith(lower, ".jpeg") ||
         absl::EndsWith(lower, ".png");
}

absl::StatusOr<std::unique_ptr<RecordSource>> ImageRecords::OpenList(
    const std::string& list) {
  ASSIGN_OR_RETURN(const std::string text, ReadInputFile(list, kMaxListBytes));
  std::vector<LabelledFile> files = ParseLabelledFiles(text);
  if (files.empty()) {
    return Empty(list, ": the list names no image; give lines \"path label\"");
  }
  for (LabelledFile& file : files) {
    file.path = FindFile(file.path, fs::path(list).parent_path());
    RETURN_IF_ERROR(Annotate(CheckInputFile(file.path),
                             absl::StrCat("image list ", list, ": "),
                             {{"list", list}}));
  }
  return absl::WrapUnique<RecordSource>(
      new ImageRecords(list, std::move(files)));
}

absl::StatusOr<std::unique_ptr<RecordSource>> ImageRecords::OpenFolder(
    const std::string& folder) {
  std::vector<LabelledFile> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    const std::string path = it->path().string();
    if (IsImageName(path) && it->is_regular_file()) files.push_back({path, 0});
  }
  if (error) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "FILE_NOT_FOUND",
        absl::StrCat("cannot read the folder ", folder, ": ", error.message()),
        {{"file", folder}});
  }
  if (files.empty()) {
    return Empty(folder,
                 " has neither a data.mdb nor *.jpg, *.jpeg or *.png files; "
                 "give an LMDB, a folder of images, or a list of them");
  }
  std::sort(files.begin(), files.end(),
            [](const LabelledFile& a, const LabelledFile& b) {
              return a.path < b.path;
            });
  return absl::WrapUnique<RecordSource>(
      new ImageRecords(folder, std::move(files)));
}

absl::Status ImageRecords::ForEach(int64_t first, int64_t end,
                                   Visitor visitor) const {
  end = std::min(end, num_records());
  for (int64_t i = first; i < end; ++i) {
    const LabelledFile& file = files_[i];
    caffe::Datum datum;
    ASSIGN_OR_RETURN(*datum.mutable_data(),
                     ReadInputFile(file.path, kMaxImageBytes));
    datum.set_label(file.label);
    datum.set_encoded(true);
    RETURN_IF_ERROR(visitor(KeyOf(i, file.path), datum.SerializeAsString()));
  }
  return absl::OkStatus();
}

}  // namespace quantd
