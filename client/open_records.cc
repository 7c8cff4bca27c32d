#include "client/open_records.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/array_records.h"
#include "client/image_records.h"
#include "client/lmdb_records.h"

namespace quantd {

namespace fs = std::filesystem;

namespace {

absl::StatusOr<std::unique_ptr<RecordSource>> OpenImages(
    const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return Error(absl::StatusCode::kFailedPrecondition, "FILE_NOT_FOUND",
                 absl::StrCat(path,
                              " does not exist or cannot be read; give the "
                              "directory of an LMDB, a folder of images, a "
                              "list with a line \"path label\" an image, or "
                              "arrays (*.npy, *.npz)"),
                 {{"file", path}});
  }
  const bool is_folder = fs::is_directory(path, ignored);
  if (absl::EndsWith(path, ".mdb") ||
      (is_folder && fs::exists(path + "/data.mdb", ignored))) {
    ASSIGN_OR_RETURN(std::unique_ptr<LmdbRecords> records,
                     LmdbRecords::Open(path));
    return std::unique_ptr<RecordSource>(std::move(records));
  }
  return is_folder ? ImageRecords::OpenFolder(path)
                   : ImageRecords::OpenList(path);
}

}  // namespace

bool IsArrayData(const std::vector<std::string>& data) {
  ArrayFile ignored;
  return absl::c_any_of(data, [&ignored](const std::string& word) {
    return ParseArrayFile(word, &ignored);
  });
}

absl::StatusOr<std::unique_ptr<RecordSource>> OpenRecords(
    const std::vector<std::string>& data) {
  std::vector<ArrayFile> files(data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    std::error_code ignored;
    // A directory may have any name.
    if (ParseArrayFile(data[i], &files[i]) &&
        !fs::is_directory(data[i], ignored)) {
      continue;
    }
    if (data.size() == 1) return OpenImages(data[i]);
    return Error(
        absl::StatusCode::kInvalidArgument, "OPTION_CONFLICT",
        absl::StrCat("only arrays come in several files, and ", data[i],
                     " is none; give NAME=FILE.npy for each input, "
                     "or one data set"),
        {{"options", "data"}});
  }
  return ArrayRecords::Open(files);
}

absl::StatusOr<std::unique_ptr<RecordSource>> OpenRecords(
    const std::string& path) {
  return OpenRecords(std::vector<std::string>{path});
}

}  // namespace quantd
