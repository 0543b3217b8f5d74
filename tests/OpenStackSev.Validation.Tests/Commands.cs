using System.Text;

namespace OpenStackSev.Validation.Tests;

/// <summary>What the openstack client would do with the commands of findings, without a cloud.</summary>
internal static class Commands
{
    /// <summary>Runs commands that are joined by <c>&amp;&amp;</c> and returns the pair as they leave it.</summary>
    public static Pair Run(string commands, Pair pair)
    {
        List<string> words = Words(commands);
        while (words.Count > 0)
        {
            int end = words.IndexOf("&&");
            List<string> command = end < 0 ? words : words[..end];
            pair = One(command, pair);
            words = end < 0 ? [] : words[(end + 1)..];
        }
        return pair;
    }

    private static Pair One(List<string> words, Pair pair)
    {
        Assert.Equal("openstack", words[0]);
        bool flavor = words[1] == "flavor", set = words[2] == "set";
        Assert.True(flavor || words[1] == "image", words[1]);
        Assert.True(set || words[2] == "unset", words[2]);
        int i = 3;
        for (; words[i].StartsWith("--property", StringComparison.Ordinal); i++)
        {
            string property = words[i] == "--property" ? words[++i] : words[i]["--property=".Length..];
            (string key, string? value) = set ? (property[..property.IndexOf('=', StringComparison.Ordinal)], property[(property.IndexOf('=', StringComparison.Ordinal) + 1)..]) : (property, null);
            pair = flavor ? pair.Flavor(key, value) : pair.Image(key, value);
        }
        if (words[i] == "--")
            i++;
        Assert.Equal(flavor ? pair.FlavorName : pair.ImageName, words[i]);
        Assert.Equal(i + 1, words.Count);
        return pair;
    }

    /// <summary>Words as a shell sees them: bare, or between single quotes. A bare <c>&amp;&amp;</c> is a word.</summary>
    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool quoted = false, any = false;
        foreach (char c in text)
        {
            if (c == '\'')
                (quoted, any) = (!quoted, true);
            else if (c == ' ' && !quoted)
                Finish();
            else
                word.Append(c);
        }
        Finish();
        return words;

        void Finish()
        {
            if (any || word.Length > 0)
                words.Add(word.ToString());
            word.Clear();
            any = false;
        }
    }
}
