#include "storage/page_token.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/status_matchers.h"

namespace quantd::storage {
namespace {

using ::quantd::testing::HasReason;

TEST(PageTokenTest, GivesThePositionBack) {
  const std::string position("o/\0\xff", 4);
  ASSERT_OK_AND_ASSIGN(
      const std::string parsed,
      ParsePageToken("key", "jobs", MakePageToken("key", "jobs", position)));
  EXPECT_EQ(parsed, position);
}

TEST(PageTokenTest, IsUrlSafe) {
  const std::string token = MakePageToken("key", "jobs", "\xff\xfe\xfb\x01");
  EXPECT_EQ(token.find_first_of("+/=%&? "), std::string::npos) << token;
}

TEST(PageTokenTest, IsBoundToKeyAndArguments) {
  const std::string token = MakePageToken("key", "jobs", "position");
  EXPECT_THAT(ParsePageToken("other", "jobs", token),
              HasReason("PAGE_TOKEN_INVALID"));
  EXPECT_THAT(ParsePageToken("key", "jobs,1", token),
              HasReason("PAGE_TOKEN_INVALID"));
}

// A longer binding does not make up for a shorter position.
TEST(PageTokenTest, BindingAndPositionDoNotRunTogether) {
  const std::string token = MakePageToken("key", "ab", "c");
  EXPECT_THAT(ParsePageToken("key", "a", token),
              HasReason("PAGE_TOKEN_INVALID"));
}

TEST(PageTokenTest, RefusesEveryChangedCharacter) {
  const std::string token = MakePageToken("key", "jobs", "position");
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_THAT(ParsePageToken("key", "jobs", changed),
                HasReason("PAGE_TOKEN_INVALID"));
  }
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string(5000, 'A')}) {
    EXPECT_THAT(ParsePageToken("key", "jobs", bad),
                HasReason("PAGE_TOKEN_INVALID"));
  }
}

TEST(PageTokenTest, PageSizes) {
  const auto size = [](int64_t requested) {
    return EffectivePageSize(requested).value_or(-1);
  };
  EXPECT_EQ(size(0), 50);
  EXPECT_EQ(size(1), 1);
  EXPECT_EQ(size(1000), 1000);
  EXPECT_EQ(size(1001), 1000);
  EXPECT_THAT(EffectivePageSize(-1), HasReason("OPTION_OUT_OF_RANGE"));
}

}  // namespace
}  // namespace quantd::storage
