#include "engine/data/image_list.h"

#include <cstdlib>
#include <numeric>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "engine/core/random.h"
#include "engine/data/decode_image.h"
#include "engine/data/resize_image.h"

namespace quantd {
namespace {

constexpr int64_t kMaxListBytes = int64_t{1} << 28;
// Streams of the seed that no image's crop uses: see ImageTransform.
constexpr uint64_t kShuffleStream = uint64_t{1} << 62;
constexpr uint64_t kSkipStream = uint64_t{1} << 63;

}  // namespace

std::vector<ImageListEntry> ParseImageList(absl::string_view text) {
  std::vector<ImageListEntry> entries;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripSuffix(line, "\r");
    if (line.empty()) continue;
    const size_t space = line.rfind(' ');
    ImageListEntry entry;
    entry.path = std::string(line.substr(0, space));
    if (space != absl::string_view::npos) {
      const std::string label(line.substr(space + 1));
      entry.label =
          static_cast<int32_t>(std::strtol(label.c_str(), nullptr, 10));
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

absl::StatusOr<std::unique_ptr<ImageSource>> ImageListSource::Open(
    const Options& options) {
  const absl::StatusOr<std::string> text =
      FileSystem::Posix()->Read(options.list, kMaxListBytes);
  if (!text.ok()) {
    return Error(absl::StatusCode::kNotFound, "DATASET_NOT_FOUND",
                 absl::StrCat("the image list ", options.list,
                              " cannot be read: ", text.status().message()),
                 {{"file", options.list}});
  }
  std::vector<ImageListEntry> entries = ParseImageList(*text);
  if (entries.empty()) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_EMPTY",
                 absl::StrCat("the image list ", options.list,
                              " has no line \"path label\""),
                 {{"file", options.list}});
  }
  auto source =
      absl::WrapUnique(new ImageListSource(options, std::move(entries)));
  source->StartRound();
  if (options.rand_skip == 0) return source;
  Random random(options.seed, kSkipStream);
  source->next_ = random.Below(options.rand_skip);
  if (source->next_ >= source->num_images()) {
    return Error(absl::StatusCode::kFailedPrecondition, "DATASET_TOO_SMALL",
                 absl::StrCat("the image list ", options.list, " has ",
                              source->num_images(), " images, too few for a ",
                              "rand_skip of ", options.rand_skip),
                 {{"file", options.list}, {"field", "rand_skip"}});
  }
  return source;
}

// Fisher and Yates' shuffle, from the list's order.
void ImageListSource::StartRound() {
  next_ = 0;
  if (!options_.shuffle) return;
  Random random(options_.seed, kShuffleStream + round_);
  order_.resize(entries_.size());
  std::iota(order_.begin(), order_.end(), 0);
  for (size_t i = order_.size() - 1; i > 0; --i) {
    std::swap(order_[i], order_[random.Below(static_cast<int64_t>(i) + 1)]);
  }
}

absl::Status ImageListSource::ReadImage(const std::string& path,
                                        Image* image) const {
  ASSIGN_OR_RETURN(const std::string bytes,
                   FileSystem::Posix()->Read(path, kMaxImageFileBytes));
  RETURN_IF_ERROR(DecodeImage(
      bytes, options_.is_color ? ColorMode::kColor : ColorMode::kGray, image));
  if (options_.new_height > 0) {
    ResizeBilinear(options_.new_height, options_.new_width, image);
  }
  return absl::OkStatus();
}

absl::Status ImageListSource::Skip(int64_t count) {
  const int64_t position = next_ + count;
  if (position <= num_images()) {
    next_ = position;
    return absl::OkStatus();
  }
  round_ += position / num_images();
  StartRound();
  next_ = position % num_images();
  return absl::OkStatus();
}

absl::Status ImageListSource::Next(DecodedDatum* datum) {
  if (next_ == num_images()) {
    ++round_;
    StartRound();
  }
  last_ = order_.empty() ? next_ : order_[next_];
  ++next_;
  const ImageListEntry& entry = entries_[last_];
  datum->label = entry.label;
  return AtLast(
      ReadImage(absl::StrCat(options_.root_folder, entry.path), &datum->image));
}

absl::Status ImageListSource::AtLast(const absl::Status& status) const {
  const std::string& path = entries_[last_].path;
  return Annotate(status,
                  absl::StrCat("image list ", options_.list, ", image ",
                               options_.root_folder, path, ": "),
                  {{"dataset", options_.list}, {"key", path}});
}

}  // namespace quantd
