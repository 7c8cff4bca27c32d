// The elementwise layers y = f(x) without parameters, one entry each. Of the
// functions with jumps (Sign, Ceil, Floor, Round) the gradient is 0.
#include <cmath>
#include <memory>

#include "engine/layers/unary_layer.h"

namespace quantd {
namespace {

float Logistic(float x) { return 1 / (1 + std::exp(-x)); }

// ln(1 + e^x) without overflow.
float Softplus(float x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

float MishDerivative(float x) {
  const float t = std::tanh(Softplus(x));
  return t + x * (1 - t * t) * Logistic(x);
}

float SoftsignDerivative(float x) {
  const float d = 1 + std::abs(x);
  return 1 / (d * d);
}

// -1, 0, 1, or NaN.
float SignOf(float x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

}  // namespace

// Defines the layer `type`: y = `value`, dy/dx = `derivative`, in terms of x.
#define QUANTD_UNARY(type, value, derivative)                                  \
  namespace {                                                                  \
  struct type##Function : UnaryFunction {                                      \
    float operator()(float x) const { return value; }                          \
    float Derivative(float x) const { return derivative; }                     \
  };                                                                           \
  }                                                                            \
  std::unique_ptr<Layer> Make##type##Layer(const caffe::LayerParameter& param, \
                                           caffe::Phase phase) {               \
    return std::make_unique<UnaryLayer<type##Function>>(param, phase);         \
  }

constexpr float kTwoOverRootPi = 1.1283791671f;

// clang-format off
QUANTD_UNARY(AbsVal,   std::abs(x),               SignOf(x))
QUANTD_UNARY(Atan,     std::atan(x),              1 / (1 + x * x))
QUANTD_UNARY(Bnll,     Softplus(x),               Logistic(x))
QUANTD_UNARY(Ceil,     std::ceil(x),              0)
QUANTD_UNARY(Cos,      std::cos(x),               -std::sin(x))
QUANTD_UNARY(Erf,      std::erf(x),               kTwoOverRootPi * std::exp(-x * x))
QUANTD_UNARY(Floor,    std::floor(x),             0)
QUANTD_UNARY(HardTanh, x < -1 ? -1 : x > 1 ? 1 : x, x > -1 && x < 1)
QUANTD_UNARY(Mish,     x * std::tanh(Softplus(x)), MishDerivative(x))
// Halves go to the even neighbour.
QUANTD_UNARY(Round,    std::nearbyint(x),         0)
QUANTD_UNARY(Sign,     SignOf(x),                 0)
QUANTD_UNARY(Sin,      std::sin(x),               std::cos(x))
QUANTD_UNARY(Softplus, Softplus(x),               Logistic(x))
QUANTD_UNARY(Softsign, x / (1 + std::abs(x)),     SoftsignDerivative(x))
QUANTD_UNARY(Sqrt,     std::sqrt(x),              0.5f / std::sqrt(x))
// clang-format on

#undef QUANTD_UNARY

}  // namespace quantd
