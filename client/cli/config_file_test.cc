#include "client/cli/config_file.h"

#include <fstream>

#include "base/testing/status_matchers.h"
#include "client/testing/test_lmdb.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using testing::HasReason;
using testing::MakeTestDirectory;

int64_t BatchNum(const std::string& text) {
  const std::string path = MakeTestDirectory("config") + "/config";
  std::ofstream(path) << text;
  const auto batches = BatchNumOfConfig(path, 1000);
  EXPECT_OK(batches);
  return batches.value_or(-1);
}

TEST(ConfigFileTest, BothFormsAreRead) {
  EXPECT_EQ(BatchNum("\n{\"batch_num\":3}"), 3);
  EXPECT_EQ(BatchNum("\xEF\xBB\xBF# c\nskip_layers: 'x'\nbatch_num : 4\n"), 4);
}

TEST(ConfigFileTest, WhatIsWrongIsLeftToTheServer) {
  for (const char* text :
       {"{}", "{\"batch_num\":\"3\"}", "{\"batch_num\":-3}", "{\"batch_num\":",
        "{\"batch_num\":1001}", "skip_layers: 'x'", "batch_num: 1001",
        "batch_num: -1", "batch_num: 4 no_such_field: 1", "\"batch_num\":3"}) {
    EXPECT_EQ(BatchNum(text), 0) << text;
  }
}

TEST(ConfigFileTest, NoFileSaysNothing) {
  const auto batches = BatchNumOfConfig("", 1000);
  ASSERT_OK(batches);
  EXPECT_EQ(*batches, 0);
  EXPECT_THAT(BatchNumOfConfig("/nowhere/config.json", 1000),
              HasReason("FILE_NOT_FOUND"));
}

}  // namespace
}  // namespace quantd
