#include "engine/data/testing/test_tensors.h"

#include "absl/strings/str_format.h"
#include "engine/data/testing/test_lmdb.h"
#include "proto/quantd/v1/tensor_record.pb.h"

namespace quantd::testing {

std::string WriteTensors(int64_t num_records,
                         const std::vector<TestArray>& arrays) {
  Records records;
  for (int64_t i = 0; i < num_records; ++i) {
    v1::TensorRecord record;
    for (const TestArray& array : arrays) {
      v1::NamedTensor* tensor = record.add_tensor();
      tensor->set_name(array.name);
      if (i == 0) tensor->set_file_name(array.name + ".npy");
      for (const int64_t dim : array.record_shape) tensor->add_dim(dim);
      const size_t size = array.values.size() / num_records;
      tensor->set_data(array.values.data() + i * size, size * sizeof(float));
    }
    records.emplace_back(absl::StrFormat("%010d", i),
                         record.SerializeAsString());
  }
  return WriteLmdb(records);
}

}  // namespace quantd::testing
