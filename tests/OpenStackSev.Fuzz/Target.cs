namespace OpenStackSev.Fuzz;

/// <summary>A parser, and what to feed it.</summary>
/// <param name="Name">As <c>--target</c> takes it.</param>
/// <param name="MaximumSize">Above this the parser refuses without looking, in bytes.</param>
/// <param name="Dictionary">Pieces that random bytes would not hit on.</param>
/// <param name="Parse">Throws when the parser does, or when it believed what nobody signed.</param>
/// <param name="Allowance">Bytes that it may allocate for a small input too: what evaluates functions has bounds of its own.</param>
internal sealed record Target(string Name, int MaximumSize, IReadOnlyList<byte[]> Seeds, IReadOnlyList<byte[]> Dictionary, Action<byte[]> Parse, long Allowance = 0);

/// <summary>A parser answered, and the answer cannot be true.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message);
