#include "engine/config/python_json.h"

#include "gtest/gtest.h"

namespace quantd {
namespace {

using Json = nlohmann::ordered_json;

TEST(PythonJsonTest, LaysOutLikePython) {
  const Json value = {{"version", 1},          {"flag", true},
                      {"range", {0.7f, 1.3f}}, {"none", Json::array()},
                      {"o", Json::object()},   {"deep", {{"x", 1e-10f}}}};
  EXPECT_EQ(PythonJson(value),
            "{\n"
            "    \"version\":1,\n"
            "    \"flag\":true,\n"
            "    \"range\":[\n"
            "        0.7,\n"
            "        1.3\n"
            "    ],\n"
            "    \"none\":[],\n"
            "    \"o\":{},\n"
            "    \"deep\":{\n"
            "        \"x\":1e-10\n"
            "    }\n"
            "}");
}

TEST(PythonJsonTest, EscapesWhatIsNotAscii) {
  EXPECT_EQ(PythonJson(Json("a\"\n\xc3\xa9")), "\"a\\\"\\n\\u00e9\"");
  EXPECT_EQ(PythonJson(Json("\xff")), "\"\\ufffd\"");
}

}  // namespace
}  // namespace quantd
