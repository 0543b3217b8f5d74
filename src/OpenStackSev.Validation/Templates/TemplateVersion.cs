namespace OpenStackSev.Validation.Templates;

/// <summary>A <c>heat_template_version</c>: what is a function in one is a map with one key in an older one.</summary>
/// <remarks>Source: heat/engine/hot/template.py, functions and condition_functions of each class.</remarks>
internal sealed class TemplateVersion
{
    private static readonly Dictionary<string, int> s_names = Since(
        (20130523, "2013-05-23"), (20141016, "2014-10-16"), (20150430, "2015-04-30"), (20151015, "2015-10-15"), (20160408, "2016-04-08"), (20161014, "2016-10-14 newton"),
        (20170224, "2017-02-24 ocata"), (20170901, "2017-09-01 pike"), (20180302, "2018-03-02 queens"), (20180831, "2018-08-31 rocky"), (20210416, "2021-04-16 wallaby"));

    /// <summary>Those of AWS are refused by name in later versions.</summary>
    private static readonly Dictionary<string, int> s_functions = Since(
        (20130523, "get_param get_resource get_attr get_file list_join str_replace resource_facade"),
        (20130523, "Ref Fn::Select Fn::Join Fn::GetAZs Fn::Split Fn::Replace Fn::Base64 Fn::MemberListToMap Fn::ResourceFacade"),
        (20150430, "digest repeat"), (20151015, "str_split"), (20160408, "map_merge"), (20161014, "yaql map_replace if"), (20170224, "filter str_replace_strict"),
        (20170901, "make_url list_concat list_concat_unique str_replace_vstrict contains"));

    private static readonly Dictionary<string, int> s_conditions = Since((20161014, "get_param equals not and or"), (20170901, "yaql contains"));

    private readonly int _date;

    private TemplateVersion(int date) => _date = date;

    /// <summary>Null for one that Heat does not know.</summary>
    public static TemplateVersion? Of(string? name) => name is not null && s_names.TryGetValue(name, out int date) ? new(date) : null;

    /// <summary><c>if</c> may leave out what holds otherwise.</summary>
    public bool HasShortIf => _date >= 20210416;

    /// <summary>Only the oldest has functions of AWS.</summary>
    public bool IsOldest => _date == 20130523;

    public bool HasConditions => _date >= 20161014;

    /// <summary>list_join takes several lists and what is no text, str_replace too.</summary>
    public bool WritesJson => _date >= 20151015;

    public bool RepeatsOverMaps => _date >= 20161014;

    public bool IsFunction(string name) => s_functions.TryGetValue(name, out int since) && _date >= since;

    /// <summary>A function that may stand in a condition. All others are refused there.</summary>
    public bool IsInConditions(string name) => s_conditions.TryGetValue(name, out int since) && _date >= since;

    private static Dictionary<string, int> Since(params (int Date, string Names)[] rows) =>
        rows.SelectMany(row => row.Names.Split(' ').Select(name => (name, row.Date))).ToDictionary(pair => pair.name, pair => pair.Date, StringComparer.Ordinal);
}
