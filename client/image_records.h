// Image files as records: a list of them, or all of a folder.
// Not here: decoding, which the server does.
#ifndef QUANTD_CLIENT_IMAGE_RECORDS_H_
#define QUANTD_CLIENT_IMAGE_RECORDS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/record_source.h"

namespace quantd {

struct LabelledFile {
  std::string path;
  int32_t label = 0;
};

// The lines "path label" of a list. Blank lines and a carriage return at the
// end of a line are left out. A line whose last word is no whole number is a
// path without a label, which is 0.
std::vector<LabelledFile> ParseLabelledFiles(absl::string_view text);

// True if `path` ends as the image files that the server decodes: .jpg, .jpeg,
// .png, upper or lower case.
bool IsImageName(absl::string_view path);

// Each file becomes an encoded Datum with key "00000012_name", as Caffe's
// convert_imageset writes them.
//
// Memory: one file, during a visit.
class ImageRecords : public RecordSource {
 public:
  // `list`: a file of ParseLabelledFiles(); relative paths are looked for in
  // its folder, then in the working directory.
  // Errors, all FAILED_PRECONDITION: FILE_NOT_FOUND with the line, FILE_EMPTY,
  // FILE_TOO_LARGE (above 64 MiB); DATASET_EMPTY for a list without lines.
  static absl::StatusOr<std::unique_ptr<RecordSource>> OpenList(
      const std::string& list);

  // The images of `folder` itself, sorted by name, all of label 0.
  // Errors, FAILED_PRECONDITION: FILE_NOT_FOUND; DATASET_EMPTY without images.
  static absl::StatusOr<std::unique_ptr<RecordSource>> OpenFolder(
      const std::string& folder);

  const std::string& path() const override { return path_; }
  int64_t num_records() const override {
    return static_cast<int64_t>(files_.size());
  }
  // Errors: of ReadInputFile().
  absl::Status ForEach(int64_t first, int64_t end,
                       Visitor visitor) const override;

 private:
  ImageRecords(std::string path, std::vector<LabelledFile> files)
      : path_(std::move(path)), files_(std::move(files)) {}

  const std::string path_;
  const std::vector<LabelledFile> files_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_IMAGE_RECORDS_H_
