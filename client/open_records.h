// Finds out what kind of data the words of --data are.
#ifndef QUANTD_CLIENT_OPEN_RECORDS_H_
#define QUANTD_CLIENT_OPEN_RECORDS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/record_source.h"

namespace quantd {

// True if a word of `data` names arrays.
bool IsArrayData(const std::vector<std::string>& data);

// `data`, at least one word: a Caffe LMDB (its directory, or the data.mdb in
// it), a folder of images, a list of image files; or arrays, in one or several
// words as ParseArrayFile() takes them.
// Errors: those of LmdbRecords::Open(), ImageRecords and ArrayRecords::Open();
// FAILED_PRECONDITION, FILE_NOT_FOUND if there is nothing; INVALID_ARGUMENT,
// OPTION_CONFLICT for several words that are not all arrays.
absl::StatusOr<std::unique_ptr<RecordSource>> OpenRecords(
    const std::vector<std::string>& data);
absl::StatusOr<std::unique_ptr<RecordSource>> OpenRecords(
    const std::string& path);

}  // namespace quantd

#endif  // QUANTD_CLIENT_OPEN_RECORDS_H_
