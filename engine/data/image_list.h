// Image files that a list names, as Caffe's ImageData layer reads them.
#ifndef QUANTD_ENGINE_DATA_IMAGE_LIST_H_
#define QUANTD_ENGINE_DATA_IMAGE_LIST_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/data/image_source.h"

namespace quantd {

struct ImageListEntry {
  std::string path;
  int32_t label = 0;
};

// The lines "path label" of a list; the last space separates. Blank lines are
// left out, and a carriage return at the end of a line. As in Caffe, a label
// ends at its first character that is no digit; none is 0.
std::vector<ImageListEntry> ParseImageList(absl::string_view text);

// The images of a list, in its order or shuffled anew every round.
class ImageListSource : public ImageSource {
 public:
  struct Options {
    std::string list;         // Path of the list.
    std::string root_folder;  // Put before every name as it is: with a "/".
    bool is_color = true;     // False: grey.
    int64_t new_height = 0;   // Every image is scaled to this size; 0: not.
    int64_t new_width = 0;
    bool shuffle = false;
    // Starts this many images or fewer, at random, into the first round.
    uint32_t rand_skip = 0;
    uint64_t seed = 1;
  };

  // Errors: NOT_FOUND, DATASET_NOT_FOUND without the list; FAILED_PRECONDITION,
  // DATASET_EMPTY without lines, DATASET_TOO_SMALL if rand_skip skips all of
  // them.
  static absl::StatusOr<std::unique_ptr<ImageSource>> Open(
      const Options& options);

  int64_t num_images() const override {
    return static_cast<int64_t>(entries_.size());
  }
  // Errors: NOT_FOUND, FILE_NOT_FOUND and the others of FileSystem; those of
  // DecodeImage().
  absl::Status Next(DecodedDatum* datum) override;
  absl::Status Skip(int64_t count) override;
  absl::Status AtLast(const absl::Status& status) const override;

 private:
  ImageListSource(Options options, std::vector<ImageListEntry> entries)
      : options_(std::move(options)), entries_(std::move(entries)) {}

  void StartRound();
  absl::Status ReadImage(const std::string& path, Image* image) const;

  const Options options_;
  const std::vector<ImageListEntry> entries_;
  std::vector<uint32_t> order_;  // Indices of entries_; empty: as they are.
  uint64_t round_ = 0;
  int64_t next_ = 0;  // In this round.
  int64_t last_ = 0;  // Index of entries_.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_IMAGE_LIST_H_
