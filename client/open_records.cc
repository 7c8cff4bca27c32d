#include "client/open_records.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/image_records.h"
#include "client/lmdb_records.h"

namespace quantd {

namespace fs = std::filesystem;

absl::StatusOr<std::unique_ptr<RecordSource>> OpenRecords(
    const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    return Error(absl::StatusCode::kFailedPrecondition, "FILE_NOT_FOUND",
                 absl::StrCat(path,
                              " does not exist or cannot be read; give the "
                              "directory of an LMDB, a folder of images, or a "
                              "list with a line \"path label\" an image"),
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

}  // namespace quantd
