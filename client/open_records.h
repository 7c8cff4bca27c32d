// Finds out what kind of data a path is.
#ifndef QUANTD_CLIENT_OPEN_RECORDS_H_
#define QUANTD_CLIENT_OPEN_RECORDS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/record_source.h"

namespace quantd {

// `path`: a Caffe LMDB (its directory, or the data.mdb in it), a folder of
// images, or a list of image files.
// Errors: those of LmdbRecords::Open() and ImageRecords; FAILED_PRECONDITION,
// FILE_NOT_FOUND if there is nothing.
absl::StatusOr<std::unique_ptr<RecordSource>> OpenRecords(
    const std::string& path);

}  // namespace quantd

#endif  // QUANTD_CLIENT_OPEN_RECORDS_H_
