// Writes LMDBs for tests, below the test's temporary directory.
#ifndef QUANTD_ENGINE_DATA_TESTING_TEST_LMDB_H_
#define QUANTD_ENGINE_DATA_TESTING_TEST_LMDB_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "proto/caffe/caffe.pb.h"

namespace quantd::testing {

using Records = std::vector<std::pair<std::string, std::string>>;

// A new directory with an LMDB of `records`. Returns its path.
std::string WriteLmdb(const Records& records);

// The same, from datums; keys are 00000000, 00000001, ...
std::string WriteLmdb(const std::vector<caffe::Datum>& datums);

// A new, empty directory.
std::string NewDirectory();

// A raw uint8 Datum of channels * height * width bytes.
caffe::Datum MakeDatum(int channels, int height, int width,
                       const std::string& data, int label = 0);

// The contents of `file`, and the opposite.
std::string ReadBytes(const std::string& file);
void WriteBytes(const std::string& file, const std::string& bytes);

}  // namespace quantd::testing

#endif  // QUANTD_ENGINE_DATA_TESTING_TEST_LMDB_H_
