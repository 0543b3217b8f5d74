using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary>Options in hexadecimal, with or without <c>0x</c>.</summary>
internal static class HexOption
{
    public static Option<ReadOnlyMemory<byte>?> Bytes(string name, string description, int length, bool exact = false) => new(name)
    {
        Description = description,
        HelpName = "HEX",
        CustomParser = argument => Parse(argument, name, length, exact),
    };

    /// <summary>Up to 16 digits.</summary>
    public static Option<ulong?> Number(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "HEX",
        CustomParser = argument =>
        {
            string text = WithoutPrefix(argument.Tokens[0].Value);
            if (ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number))
                return number;
            argument.AddError($"{name} {argument.Tokens[0].Value}: must be up to 16 hexadecimal digits");
            return null;
        },
    };

    /// <summary>A chip id as the line has it.</summary>
    /// <exception cref="CommandException">It has another length.</exception>
    public static byte[]? ChipId(ReadOnlyMemory<byte>? given, SimulatedLine line)
    {
        byte[]? id = given?.ToArray();
        if (id is not null && id.Length != line.ChipIdLength)
        {
            throw CommandException.BadUsage($"--chip-id: {id.Length} bytes, but a chip id of {line} has {line.ChipIdLength}",
                "leave it out for one that is always the same");
        }
        return id;
    }

    private static ReadOnlyMemory<byte>? Parse(ArgumentResult argument, string name, int length, bool exact)
    {
        string text = WithoutPrefix(argument.Tokens[0].Value);
        if (text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) && (exact ? text.Length == length * 2 : text.Length <= length * 2))
            return Convert.FromHexString(text).AsMemory();
        argument.AddError($"{name}: must be {(exact ? "" : "up to ")}{length} bytes in hexadecimal");
        return null;
    }

    private static string WithoutPrefix(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
}
