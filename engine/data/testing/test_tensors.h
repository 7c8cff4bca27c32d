// Makes data sets of TensorRecords for tests.
#ifndef QUANTD_ENGINE_DATA_TESTING_TEST_TENSORS_H_
#define QUANTD_ENGINE_DATA_TESTING_TEST_TENSORS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace quantd::testing {

struct TestArray {
  std::string name;
  std::vector<int64_t> record_shape;
  std::vector<float> values;  // Of all records.
};

// A new directory with an LMDB of `num_records` records of those arrays.
std::string WriteTensors(int64_t num_records,
                         const std::vector<TestArray>& arrays);

}  // namespace quantd::testing

#endif  // QUANTD_ENGINE_DATA_TESTING_TEST_TENSORS_H_
