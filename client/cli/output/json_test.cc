#include "client/cli/output/json.h"

#include <sstream>

#include "gtest/gtest.h"
#include "proto/quantd/v1/job.pb.h"

namespace quantd {
namespace {

TEST(JsonTest, ZeroesArePrintedAndInt64IsAString) {
  v1::BlobRef blob;
  blob.set_file_name("a");
  std::ostringstream out;
  PrintJson(blob, &out);
  EXPECT_EQ(out.str(),
            "{\"sha256\":\"\",\"sizeBytes\":\"0\",\"fileName\":\"a\"}\n");
}

}  // namespace
}  // namespace quantd
