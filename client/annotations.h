// True boxes of this machine, for the average precision of detections.
#ifndef QUANTD_CLIENT_ANNOTATIONS_H_
#define QUANTD_CLIENT_ANNOTATIONS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace quantd {

struct Annotations {
  std::string truths;  // As in DetectionSpec.truths.
  std::map<int32_t, std::string> label_names;
};

// Reads `list`: SSD's list of images and PASCAL VOC's annotations, a line
// "IMAGE ANNOTATION.xml", or "ANNOTATION.xml" alone, for each record of the
// data in its order; relative paths are looked for in the list's folder, then
// in the working directory. Or else the text of DetectionSpec.truths, which is
// taken as it is. `label_map`: SSD's labelmap prototxt, which gives the labels
// of names; empty: none, for a list without XML files. Boxes are divided by the
// image's size as SSD does, without VOC's pixel 1. Errors: those of
// ReadInputFile(); FAILED_PRECONDITION, ANNOTATION_INVALID for an XML file or a
// label map that cannot be read, or a name that the map does not have;
// INVALID_ARGUMENT, OPTION_MISSING without a label map.
absl::StatusOr<Annotations> ReadAnnotations(const std::string& list,
                                            const std::string& label_map);

}  // namespace quantd

#endif  // QUANTD_CLIENT_ANNOTATIONS_H_
