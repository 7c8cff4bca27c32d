// Where a BatchReader's images come from.
#ifndef QUANTD_ENGINE_DATA_IMAGE_SOURCE_H_
#define QUANTD_ENGINE_DATA_IMAGE_SOURCE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "engine/data/datum.h"

namespace quantd {

// Labelled images in a cycle.
//
// Threads: compatible, not safe.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  // Of one round; at least 1.
  virtual int64_t num_images() const = 0;

  // Decodes the next image; after the last of a round comes the first of the
  // next. Errors name the record, as AtLast() does.
  virtual absl::Status Next(DecodedDatum* datum) = 0;

  // Leaves out `count` images. Errors: those of finding the images.
  virtual absl::Status Skip(int64_t count) = 0;

  // `status` with the place of the image that Next() gave last: data set and
  // key, or list and line. OK stays OK.
  virtual absl::Status AtLast(const absl::Status& status) const = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_IMAGE_SOURCE_H_
